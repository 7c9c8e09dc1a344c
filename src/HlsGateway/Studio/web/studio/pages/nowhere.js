import { html, StudioElement } from "../frame/element.js";
import { t } from "../frame/words.js";

export default class NowherePage extends StudioElement {
  static title = "common.nowhere";

  render() {
    return html`<h1>${t("common.nowhere")}</h1><p class="soft">${t("common.nowhere-text")}</p><div><a role="button" href="studio">${t("common.to-start")}</a></div>`;
  }
}
customElements.define("nowhere-page", NowherePage);
