/** Loads a classic script, as most pages that embed a player do. */
export const load = url => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = url;
  script.onload = resolve;
  script.onerror = () => reject(new Error(`${url} did not load`));
  document.head.append(script);
});
