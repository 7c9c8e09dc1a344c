import { api } from "../frame/api.js";
import { t } from "../frame/words.js";
import { currentChart } from "./chart-frame.js";
import { copy } from "./hand-out.js";

/** The clipboard is the API: `c` copies the page's address, Shift+C the same question for a shell, `e` saves the chart that has the focus, or the first one, as CSV. Words: "chart". */
export const copyKeys = (question, csv) => ({
  c: { does: t("chart.copy-link"), run: () => copy(location.href) },
  "Shift+C": { does: t("chart.copy-curl"), run: () => { const { path, query } = question(); return copy(api.curl(path, query)); } },
  e: { does: t("chart.export"), run: () => { const chart = currentChart(); if (chart) chart.saveCsv(); else location.href = csv(); } },
});
