/**
 * Fetches the inside of a panel once the page stands: what takes longer must not hold up the rest.
 */
class LateController extends window.StimulusModule.Controller {
  static values = { url: String, failed: String };

  async connect() {
    try {
      const response = await fetch(this.urlValue, { headers: { 'X-Requested-With': 'XMLHttpRequest' } });
      if (!response.ok) throw new Error(response.statusText);
      this.element.innerHTML = await response.text();
    } catch {
      this.element.textContent = this.failedValue;
    }
    this.element.removeAttribute('aria-busy');
  }
}

window.wagtail.app.register('wpm-late', LateController);
