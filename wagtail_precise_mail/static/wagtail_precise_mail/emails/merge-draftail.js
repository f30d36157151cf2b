/**
 * Merge tags in Draftail: a chip that is picked in the modal, is edited by a click, and goes as a whole.
 */
(() => {
  const { EditorState, Modifier } = window.DraftJS;
  const { DraftUtils, ModalWorkflowSource, registerPlugin } = window.draftail;
  const TYPE = 'WPM_MERGE';

  /** Returns the state of an editor with a chip at the caret, or in place of the chip that is edited. */
  function insertChip(editorState, { tag, text }, edited = null) {
    const content = editorState.getCurrentContent();
    const style = editorState.getCurrentInlineStyle();
    const place = edited
      ? DraftUtils.getEntitySelection(editorState, edited)
      : editorState.getSelection();
    const link = edited ? null : entityAround(content, place);
    if (link) {
      // In the words of a link a chip would cut the link in two: there the tag is text.
      const withText = Modifier.replaceText(content, place, tag, style, link);
      return EditorState.push(editorState, withText, 'insert-characters');
    }
    const withEntity = content.createEntity(TYPE, 'IMMUTABLE', { tag });
    const key = withEntity.getLastCreatedEntityKey();
    const withChip = Modifier.replaceText(withEntity, place, text, style, key);
    return EditorState.push(editorState, withChip, 'insert-characters');
  }

  /** The entity that stands on both sides of the caret, unless it is a chip. */
  function entityAround(content, selection) {
    const before = content
      .getBlockForKey(selection.getStartKey())
      .getEntityAt(selection.getStartOffset() - 1);
    const after = content
      .getBlockForKey(selection.getEndKey())
      .getEntityAt(selection.getEndOffset());
    const isInside = before && before === after && content.getEntity(before).getType() !== TYPE;
    return isInside ? before : null;
  }

  class MergeSource extends ModalWorkflowSource {
    getChooserConfig() {
      const { entityType, entity } = this.props;
      return {
        url: entityType.chooserUrls.mergeFields,
        urlParams: this.getEdited() ? { tag: entity.getData().tag } : {},
        onload: window.wpmMerge.onload,
        responses: { mergeTagChosen: this.onChosen },
      };
    }

    /** The chip that is edited: Draftail hands over whatever is at the caret, links as well. */
    getEdited() {
      const { entity, entityKey } = this.props;
      return entity && entity.getType() === TYPE ? entityKey : null;
    }

    onChosen(answer) {
      const { editorState, onComplete } = this.props;
      // The modal gives the focus back to what had it: after the command palette that is nothing any more.
      const block = editorState.getSelection().getStartKey();
      const wrapper = document
        .querySelector(`[data-offset-key="${block}-0-0"]`)
        ?.closest('[data-draftail-editor-wrapper]');
      // Through Draftail, which keeps the caret: the browser would put it at the start.
      const focus = () => wrapper?.parentNode.querySelector('input[type="hidden"]').draftailEditor.focus();
      window.jQuery(document.body).one('hidden.bs.modal', () => setTimeout(focus, 0));
      this.workflow.close();
      onComplete(insertChip(editorState, answer, this.getEdited()));
    }
  }

  function MergeChip({ children, contentState, entityKey, onEdit }) {
    return window.React.createElement(
      'span',
      {
        className: 'wpm-merge-chip',
        title: contentState.getEntity(entityKey).getData().tag,
        onMouseUp: () => {
          // Not at the end of a selection that was drawn over it.
          if (window.getSelection().isCollapsed) onEdit(entityKey);
        },
      },
      children,
    );
  }

  window.wpmMerge.insertChip = insertChip;
  registerPlugin({ type: TYPE, source: MergeSource, decorator: MergeChip }, 'entityTypes');
})();
