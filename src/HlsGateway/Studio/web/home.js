const key = "hlsgateway-token";
const field = document.getElementById("token");
const answer = document.getElementById("answer");
const inside = document.getElementById("inside");

const states = { healthy: "healthy", degraded: "degraded: viewers are served, somebody should look", unhealthy: "unhealthy" };

/** Asks this gateway; a problem becomes an error in its own words. */
async function ask(path, token) {
  const response = await fetch(path, { cache: "no-store", headers: token ? { Authorization: `Bearer ${token}` } : {} });
  const body = await response.json().catch(() => null);
  // An unhealthy gateway tells its checks all the same.
  if (response.ok || body?.checks) return body;
  throw new Error(body?.title ? `${body.title}. ${body.detail ?? ""}`.trim() : `The gateway answered ${response.status}.`);
}

function item(name, ...parts) {
  const made = document.createElement(name);
  made.append(...parts);
  return made;
}

function show(health, videos) {
  document.getElementById("checks").replaceChildren(...health.checks.flatMap(check => [
    item("dt", check.name), item("dd", check.status === "healthy" ? "healthy" : `${check.status}. ${check.description}`),
  ]));
  const most = 50;
  const rows = videos.slice(0, most).map(video => {
    const told = video.status === "ready" ? `${video.duration} s, ${video.renditions.length} renditions` : video.error ?? `${video.status}, ${Math.floor(video.progress * 100)} %`;
    const name = video.playlist_url ? Object.assign(item("a", video.video), { href: video.playlist_url }) : item("b", video.video);
    return item("li", name, item("span", told));
  });
  if (videos.length === 0) rows.push(item("li", item("span", "None. Videos of other origins stand in no list.")));
  if (videos.length > most) rows.push(item("li", item("span", `and ${videos.length - most} more: GET /api/videos`)));
  document.getElementById("videos").replaceChildren(...rows);
  inside.hidden = false;
}

async function lookIn(token) {
  answer.textContent = "Asking…";
  try {
    show(...await Promise.all([ask("healthz/ready", token), ask("api/videos", token)]));
    sessionStorage.setItem(key, token);
    answer.textContent = "The token is right.";
  } catch (error) {
    inside.hidden = true;
    sessionStorage.removeItem(key);
    answer.textContent = error instanceof TypeError ? "The gateway does not answer." : error.message;
  }
}

document.getElementById("ask").addEventListener("submit", event => {
  event.preventDefault();
  lookIn(field.value.trim());
  field.value = "";
});

document.getElementById("leave").addEventListener("click", () => {
  sessionStorage.removeItem(key);
  inside.hidden = true;
  answer.textContent = "";
  field.focus();
});

ask("healthz/ready").then(
  health => { document.getElementById("health").textContent = `· ${states[health.status]}`; },
  () => { document.getElementById("health").textContent = "· its health could not be read"; });

const kept = sessionStorage.getItem(key);
if (kept) lookIn(kept);
