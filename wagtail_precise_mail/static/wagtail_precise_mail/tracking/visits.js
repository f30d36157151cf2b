/* Tells the site which page somebody looks at, and for how long it was in front. It stands only in pages of people
   who agreed; the server asks again. No cookie is set or read here. */
(() => {
    const script = document.currentScript;
    const { url, product, search } = script.dataset;
    let view = "";
    let told = 0;
    let seen = 0;
    let since = document.visibilityState === "visible" ? performance.now() : null;

    const body = (values) => new URLSearchParams(values);

    const seconds = () => Math.round((seen + (since === null ? 0 : performance.now() - since)) / 1000);

    const tell = () => {
        const now = seconds();
        if (!view || now <= told) return;
        told = now;
        navigator.sendBeacon(url, body({ view, seconds: now }));
    };

    document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") {
            since = performance.now();
        } else if (since !== null) {
            seen += performance.now() - since;
            since = null;
            tell();
        }
    });
    // Safari hides no page that it leaves.
    window.addEventListener("pagehide", tell);

    fetch(url, { method: "POST", body: body({ path: window.location.pathname, product, search }), keepalive: true })
        .then((response) => (response.status === 201 ? response.json() : null))
        .then((answer) => {
            if (answer) view = answer.view;
        })
        .catch(() => {});
})();
