/** What is being written, in this browser's own store: a tab that dies loses a second at most. */
const Store = "captions";

function open() {
  return new Promise((done, failed) => {
    const request = indexedDB.open("studio", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(Store);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function run(mode, act) {
  const database = await open();
  try {
    return await new Promise((done, failed) => {
      const request = act(database.transaction(Store, mode).objectStore(Store));
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  } finally {
    database.close();
  }
}

export const kept = {
  /** @returns {Promise<{ text: string, at: number, base: string } | undefined>} */
  read: key => run("readonly", store => store.get(key)),
  write: (key, value) => run("readwrite", store => store.put(value, key)),
  drop: key => run("readwrite", store => store.delete(key)),
};
