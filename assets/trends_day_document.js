/* The document of a stored day, asked for until the archive has made it; why there is none is a word
   that the texts have a sentence for. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const ACCEPTED = 202;
  const ASK_AGAIN_MS = 1000;

  class NoDay extends Error {
    constructor(reason) {
      super(reason);
      this.reason = reason;
    }
  }

  const fetched = async (url) => {
    try {
      return await fetch(url);
    } catch {
      throw new NoDay("unreachable");
    }
  };

  /** The day; null where nobody wants it any more. `wait` is called while it is not there yet. */
  const load = async (url, isWanted, wait = () => {}) => {
    while (isWanted()) {
      const response = await fetched(url);
      if (!response.ok) {
        const { reason } = await response.json().catch(() => ({}));
        throw new NoDay(reason);
      }
      if (response.status !== ACCEPTED) {
        const day = new app.ReplayDay(await response.arrayBuffer());
        return isWanted() ? day : null;
      }
      wait();
      await app.pause(ASK_AGAIN_MS);
    }
    return null;
  };

  /** Why there is no day, in words. */
  const why = ({ reason }, { problems }) => problems[reason] ?? problems.failed;

  app.storedDay = { load, why };
})();
