/** What is asked again for each of many events: between two answers is a pause of twice the last answer's time, so that pages take a third of a busy gateway's time at most. */
const [LeastMs, MostMs] = [150, 1000];

/**
 * @param {import("../frame/element.js").StudioElement} owner whose leaving ends it
 * @param {() => Promise<void>} ask tells its own problems
 * @returns {() => void} says that there is something new: the first time asks at once, however many come while that is answered ask once more
 */
export function paced(owner, ask) {
  let [isBusy, isWanted] = [false, false];
  const run = async () => {
    isBusy = true;
    do {
      isWanted = false;
      const begin = performance.now();
      await ask();
      await new Promise(done => setTimeout(done, Math.min(MostMs, Math.max(LeastMs, 2 * (performance.now() - begin)))));
    } while (isWanted && owner.isConnected);
    isBusy = false;
  };
  return () => {
    if (isBusy) isWanted = true;
    else run();
  };
}
