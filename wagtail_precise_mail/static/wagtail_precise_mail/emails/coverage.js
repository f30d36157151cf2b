/**
 * Counts who would see the fallbacks of an email, when somebody looks: it may take a moment with many contacts.
 */
class CoverageController extends window.StimulusModule.Controller {
  static targets = ['output'];

  static values = { url: String, failed: String };

  connect() {
    // The panel is closed at first.
    this.observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.observer.disconnect();
      this.load();
    });
    this.observer.observe(this.element);
  }

  disconnect() {
    this.observer.disconnect();
    this.request?.abort();
  }

  async load() {
    this.request?.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    try {
      const response = await fetch(this.urlValue, {
        signal,
        headers: { 'X-Requested-With': 'XMLHttpRequest' },
      });
      if (!response.ok) throw new Error(response.statusText);
      this.outputTarget.innerHTML = await response.text();
    } catch (error) {
      if (error.name !== 'AbortError') this.outputTarget.textContent = this.failedValue;
    }
  }
}

window.wagtail.app.register('wpm-coverage', CoverageController);
