/**
 * Picking a merge field in a modal, and writing its tag where the caret stands: in a one-line field as text, in rich
 * text as a chip (merge-draftail.js).
 */
(() => {
  const $ = window.jQuery;

  /** What the steps of the modal do once they are shown; the last one answers with the tag. */
  const onload = {
    pick(modal) {
      followSteps(modal);
    },
    write(modal) {
      followSteps(modal);
      modal.ajaxifyForm($('form', modal.body));
      const focus = () => $('input:not([type=hidden]), select', modal.body).filter(':visible').first().trigger('focus');
      focus();
      // When it is the first step: the modal takes the focus once it is shown.
      modal.container.one('shown.bs.modal', focus);
    },
    chosen(modal, answer) {
      modal.respond('mergeTagChosen', answer);
      modal.close();
    },
  };

  function followSteps(modal) {
    $('[data-wpm-merge-step]', modal.body).on('click', (event) => {
      event.preventDefault();
      modal.loadUrl(event.currentTarget.href);
    });
  }

  window.wpmMerge = { onload };

  class MergeController extends window.StimulusModule.Controller {
    static values = { url: String, label: String };

    connect() {
      const text = this.element.querySelector('input[type="text"], textarea');
      const wrapper = this.element.querySelector('[data-draftail-editor-wrapper]');
      if (this.button || !(text || wrapper)) return;
      this.target = wrapper ? richText(wrapper.parentNode) : oneLine(text);
      this.button = this.makeButton();
      (wrapper || text).classList.add('wpm-merge-target');
      (wrapper || text).insertAdjacentElement('afterend', this.button);
    }

    disconnect() {
      this.button?.remove();
      this.button = null;
    }

    makeButton() {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'wpm-merge-button';
      button.title = this.labelValue;
      button.setAttribute('aria-label', this.labelValue);
      button.setAttribute('aria-haspopup', 'dialog');
      button.textContent = '{ }';
      button.addEventListener('click', () => this.pick());
      return button;
    }

    pick() {
      const insert = this.target();
      window.ModalWorkflow({
        url: this.urlValue,
        onload,
        responses: {
          mergeTagChosen: (answer) => {
            const giveFocus = insert(answer);
            // The modal gives the focus to the button when it has gone; it belongs behind the tag.
            $(document.body).one('hidden.bs.modal', () => setTimeout(giveFocus, 0));
          },
        },
      });
    }
  }

  /** Returns what keeps the place of the caret: some browsers forget it when the modal takes the focus. */
  function oneLine(input) {
    return () => {
      const { selectionStart, selectionEnd } = input;
      return ({ tag }) => {
        input.setRangeText(tag, selectionStart, selectionEnd, 'end');
        ['input', 'change'].forEach((name) => input.dispatchEvent(new Event(name, { bubbles: true })));
        const caret = selectionStart + tag.length;
        return () => {
          input.focus();
          input.setSelectionRange(caret, caret);
        };
      };
    };
  }

  function richText(container) {
    return () => {
      const editor = container.querySelector('input[type="hidden"]').draftailEditor;
      return (answer) => {
        editor.onChange(window.wpmMerge.insertChip(editor.getEditorState(), answer));
        return () => editor.focus();
      };
    };
  }

  window.wagtail.app.register('wpm-merge', MergeController);
})();
