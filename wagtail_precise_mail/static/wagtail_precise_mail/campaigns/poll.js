/**
 * Draws a part of the page anew every few seconds, for as long as somebody looks at it.
 * When the server's word for the state changes, the whole page is loaded again: other buttons belong to it.
 */
class PollController extends window.StimulusModule.Controller {
  static values = {
    url: String,
    state: String,
    interval: { type: Number, default: 2000 },
  };

  connect() {
    this.failures = 0;
    this.wait();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.request?.abort();
  }

  wait() {
    // A server that is away is asked less and less often, but at least every half minute.
    const delay = Math.min(this.intervalValue * 2 ** this.failures, 30000);
    this.timer = setTimeout(() => this.poll(), delay);
  }

  async poll() {
    if (!document.hidden) {
      this.request = new AbortController();
      try {
        await this.load(this.request.signal);
        this.failures = 0;
      } catch (error) {
        if (error.name === 'AbortError') return;
        this.failures += 1;
      }
    }
    this.wait();
  }

  async load(signal) {
    const response = await fetch(this.urlValue, {
      signal,
      headers: { 'X-Requested-With': 'XMLHttpRequest' },
    });
    if (!response.ok) throw new Error(response.statusText);
    const html = await response.text();
    const state = response.headers.get('Wpm-State');
    if (state && state !== this.stateValue) {
      window.location.reload();
      return;
    }
    this.element.innerHTML = html;
  }
}

window.wagtail.app.register('wpm-poll', PollController);
