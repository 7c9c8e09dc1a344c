import { api } from "../frame/api.js";
import { say } from "../frame/toast.js";
import { t } from "../frame/words.js";

const copy = async text => {
  await navigator.clipboard.writeText(text);
  say(t("common.copied"));
};

/** The clipboard is the API: `c` copies the page's address, Shift+C the same question for a shell, `e` saves what is on the page as CSV. Words: "chart". */
export const copyKeys = (question, csv) => ({
  c: { does: t("chart.copy-link"), run: () => copy(location.href) },
  "Shift+C": { does: t("chart.copy-curl"), run: () => { const { path, query } = question(); return copy(api.curl(path, query)); } },
  e: { does: t("chart.export"), run: () => { location.href = csv(); } },
});
