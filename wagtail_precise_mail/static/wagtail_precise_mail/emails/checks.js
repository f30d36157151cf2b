/**
 * The panel of checks: asks again when the email was saved, leads to the place of a finding, follows links on demand,
 * and keeps in this browser which hints somebody has read.
 */
class ChecksController extends window.StimulusModule.Controller {
  static targets = ['body', 'links', 'check', 'hint', 'group', 'recall'];

  static values = {
    url: String,
    linksUrl: String,
    failed: String,
    delay: { type: Number, default: 800 },
  };

  connect() {
    this.drawHints();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.request?.abort();
  }

  /** After a save; several in a row are one. */
  refreshSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), this.delayValue);
  }

  async refresh() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.request = new AbortController();
    this.bodyTarget.setAttribute('aria-busy', 'true');
    try {
      const response = await this.fetch(this.urlValue, { signal: this.request.signal });
      this.bodyTarget.innerHTML = await response.text();
      this.count(Number(response.headers.get('Wpm-Errors')));
      this.drawHints();
    } catch (error) {
      // The next save asks again; what stands there is of the version before.
      if (error.name === 'AbortError') return;
    }
    this.bodyTarget.setAttribute('aria-busy', 'false');
  }

  async checkLinks() {
    this.checkTarget.disabled = true;
    this.checkTarget.setAttribute('aria-busy', 'true');
    try {
      const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
      const response = await this.fetch(this.linksUrlValue, { method: 'POST', headers: { 'X-CSRFToken': token } });
      this.linksTarget.innerHTML = await response.text();
      this.linksTarget.querySelector('h3').focus();
    } catch {
      this.linksTarget.textContent = this.failedValue;
    }
    this.checkTarget.disabled = false;
    this.checkTarget.removeAttribute('aria-busy');
  }

  /** Open what hides the block of a finding, and go there. */
  show(event) {
    const target = document.getElementById(event.currentTarget.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    for (let content = target; content; content = content.parentElement) {
      const panel = content.closest('[data-panel]');
      if (!panel) break;
      const toggle = panel.querySelector(':scope > .w-panel__header [data-panel-toggle]');
      if (toggle?.getAttribute('aria-expanded') === 'false') toggle.click();
      content = panel;
    }
    this.uncover();
    target.scrollIntoView({ block: 'center' });
    this.fieldOf(target)?.focus({ preventScroll: true });
  }

  /** Write a suggestion into its field, as if somebody had typed it: it can be undone there. */
  take(event) {
    const { field, text } = event.currentTarget.dataset;
    const target = document.getElementById(field);
    if (!target) return;
    this.uncover();
    target.scrollIntoView({ block: 'center' });
    target.focus({ preventScroll: true });
    target.select();
    if (!document.execCommand('insertText', false, text)) {
      target.value = text;
      target.dispatchEvent(new Event('input', { bubbles: true }));
    }
    target.dispatchEvent(new Event('change', { bubbles: true }));
  }

  /** On a phone the side panel covers the form. */
  uncover() {
    if (window.matchMedia('(max-width: 799px)').matches) {
      document.querySelector('[data-form-side-close-button]')?.click();
    }
  }

  /** The first thing in a block that can be typed or pressed, and that is not folded away with its settings. */
  fieldOf(target) {
    const fields = 'input:not([type=hidden]), textarea, select, [contenteditable=true]';
    if (target.matches(fields)) return target;
    const inside = (selector) => [...target.querySelectorAll(`.w-panel__content :is(${selector})`)];
    const candidates = [...inside(fields), ...inside('button'), ...target.querySelectorAll('[data-panel-toggle]')];
    return candidates.find((element) => element.checkVisibility());
  }

  dismiss(event) {
    const hint = event.currentTarget.closest('li');
    this.keep([...this.dismissed, hint.dataset.dismissal].slice(-200));
    this.drawHints();
  }

  recall() {
    const shown = this.hintTargets.map((hint) => hint.dataset.dismissal);
    this.keep(this.dismissed.filter((key) => !shown.includes(key)));
    this.drawHints();
  }

  drawHints() {
    const { dismissed } = this;
    const hidden = this.hintTargets.filter((hint) => {
      hint.hidden = dismissed.includes(hint.dataset.dismissal);
      return hint.hidden;
    });
    this.recallTargets.forEach((button) => {
      button.hidden = !hidden.length;
    });
  }

  get dismissed() {
    try {
      return JSON.parse(window.localStorage.getItem(this.key)) ?? [];
    } catch {
      return [];
    }
  }

  get key() {
    return `wpm-dismissed:${this.urlValue}`;
  }

  keep(dismissed) {
    try {
      window.localStorage.setItem(this.key, JSON.stringify(dismissed));
    } catch {
      // A browser that keeps nothing shows the hint again.
    }
  }

  count(errors) {
    const counter = document.querySelector('[data-side-panel-toggle="checks"] [data-side-panel-toggle-counter]');
    if (!counter) return;
    counter.textContent = errors;
    counter.hidden = !errors;
  }

  async fetch(url, options) {
    const headers = { 'X-Requested-With': 'XMLHttpRequest', ...options.headers };
    const response = await window.fetch(url, { ...options, headers });
    if (!response.ok) throw new Error(response.statusText);
    return response;
  }
}

window.wagtail.app.register('wpm-checks', ChecksController);
