// A client as somebody else would write it: it knows the API by the generated types alone.
import type { components, operations } from "./api";

type Problem = components["schemas"]["Problem"];
type Success<Name extends keyof operations> = operations[Name]["responses"] extends { 200: { content: { "application/json": infer Body } } } ? Body : never;

declare const process: { argv: string[]; exitCode: number };

const [, , site = "", token = ""] = process.argv;

async function get<Name extends keyof operations>(_: Name, path: string): Promise<Success<Name> | Problem> {
  const answer = await fetch(new URL(path, site), { headers: { authorization: `Bearer ${token}` } });
  return await answer.json();
}

function isProblem(answer: object): answer is Problem {
  return "trace_id" in answer;
}

const captions: operations["putCaptions"]["requestBody"]["content"]["text/vtt"] = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nBoa noite.\n";
const put = await fetch(new URL("api/videos/films%2Fbunny/subtitles/pt-BR", site), {
  method: "PUT",
  headers: { authorization: `Bearer ${token}`, "content-type": "text/vtt" },
  body: captions,
});
if (!put.ok) throw new Error(await put.text());

const tracks = await get("listCaptions", "api/videos/films%2Fbunny/subtitles");
const session = await get("getSession", "api/sessions/0198b0f2-8c00-7000-8000-000000000001");
const limits = await get("getLimits", "api/limits");
if (isProblem(tracks) || isProblem(limits)) throw new Error("The gateway refused a question that it describes.");
// A number is a number: this line would not compile if it could be text.
const megabytes: number = limits.max_bytes / 1e6;
const languages = tracks.tracks.map(track => track.language).join(", ");
console.log(`captions of ${tracks.video}: ${languages}; session: ${isProblem(session) ? session.type.split("/").at(-1) : session.watch_seconds}; ${megabytes} MB`);

export {};
