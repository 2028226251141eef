/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks again and again, while the page is seen, and not faster than it is answered. */

export function poll(milliseconds, ask) {
  let timer = 0;
  let ended = false;

  async function round() {
    timer = 0;
    if (!document.hidden) {
      try {
        await ask();
      } catch (error) {
        /* the banner says so, and the next round comes */
      }
    }
    if (!ended) timer = setTimeout(round, milliseconds);
  }
  function onVisible() {
    if (document.hidden || timer === 0) return;
    clearTimeout(timer);
    round();
  }

  document.addEventListener("visibilitychange", onVisible);
  round();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
}
