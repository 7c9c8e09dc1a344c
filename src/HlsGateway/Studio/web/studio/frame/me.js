import { api, useCsrf } from "./api.js";

/** Who is signed in. Roles are enforced by the API; here they only say what to show. */
class Me extends EventTarget {
  name = null;
  role = null;
  expiresAt = null;

  get isKnown() {
    return this.role !== null;
  }

  /** Whether the role may do what one of these may: `me.can("editor", "uploader")`. */
  can(...roles) {
    return this.role === "admin" || roles.includes(this.role);
  }

  async ask() {
    this.#take(await api.get("api/session"));
  }

  async signIn(token) {
    await api.send("POST", "api/session", { json: { token } });
    await this.ask();
  }

  async signOut(everywhere = false) {
    await api.send("DELETE", "api/session", { query: { everywhere: everywhere ? "true" : null } });
    this.forget();
  }

  forget() {
    this.#take({ name: null, role: null, expires_at: null, csrf: "" });
  }

  #take({ name, role, expires_at: expiresAt, csrf }) {
    Object.assign(this, { name, role, expiresAt });
    useCsrf(csrf);
    this.dispatchEvent(new Event("change"));
  }
}

export const me = new Me();
