import { hasText, t } from "../frame/words.js";

/** What was asked for, in words; the API's own name where it is newer than this page. Words: "request". */
export const kindOf = kind => hasText(`request.kind-${kind}`) ? t(`request.kind-${kind}`) : kind;

/** Why it counted or did not. @param why the API's words, for a rule that is newer than this page. */
export const ruleOf = (rule, why = rule) => hasText(`request.rule-${rule}`) ? t(`request.rule-${rule}`) : why;
