/**
 * Keeps the browser's color picker and the code beside it the same. The code is what the form sends:
 * it may be empty, which a color picker cannot say.
 */
class ColorController extends window.StimulusModule.Controller {
  static targets = ['swatch'];

  connect() {
    this.text = this.element.querySelector('input[type="text"]');
    this.follow = () => this.show();
    this.text.addEventListener('input', this.follow);
    this.show();
  }

  disconnect() {
    this.text.removeEventListener('input', this.follow);
  }

  pick() {
    this.text.value = this.swatchTarget.value;
    this.swatchTarget.classList.remove('is-empty');
    // Wagtail's preview and its warning of unsaved changes listen to it.
    this.text.dispatchEvent(new Event('change', { bubbles: true }));
  }

  show() {
    const isColor = /^#[0-9a-fA-F]{6}$/.test(this.text.value);
    this.swatchTarget.classList.toggle('is-empty', !isColor);
    if (isColor) this.swatchTarget.value = this.text.value;
  }
}

window.wagtail.app.register('wpm-color', ColorController);
