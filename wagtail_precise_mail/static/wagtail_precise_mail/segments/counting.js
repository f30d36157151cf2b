/**
 * Where the preview of a segment is still counting, asks for it again with more time, and puts it in place. The frame of
 * the preview runs no script of its own.
 */
(() => {
  const finish = async (frame) => {
    const waiting = frame.contentDocument?.querySelector('[data-wpm-counting]');
    if (!waiting) return;
    waiting.removeAttribute('data-wpm-counting');
    const url = new URL(frame.contentWindow.location.href);
    url.searchParams.set('patient', '1');
    try {
      const response = await fetch(url, { headers: { 'X-Requested-With': 'XMLHttpRequest' } });
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      const found = page.querySelector('main');
      // Meanwhile the rules may have changed, and the frame with them.
      if (found && waiting.isConnected) waiting.replaceWith(waiting.ownerDocument.adoptNode(found));
    } catch {
      // The panel goes on saying what it knew.
    }
  };

  // A frame's load does not bubble, but it can be caught on its way down.
  document.addEventListener(
    'load',
    (event) => {
      if (event.target instanceof HTMLIFrameElement) finish(event.target);
    },
    true,
  );
})();
