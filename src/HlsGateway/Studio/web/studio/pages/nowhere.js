import { html, StudioElement } from "../frame/element.js";
import { t } from "../frame/words.js";
import { empty } from "../parts/state-views.js";

export default class NowherePage extends StudioElement {
  static title = "common.nowhere";

  render() {
    return empty({ title: t("common.nowhere"), text: t("common.nowhere-text"), actions: html`<a role="button" href="studio">${t("common.to-start")}</a>` });
  }
}
customElements.define("nowhere-page", NowherePage);
