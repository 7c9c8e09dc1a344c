// node tus-upload.mjs ENDPOINT TOKEN VIDEO FILE [URL]: uploads a file with tus-js-client as a page or a server would, or goes on at URL.
// Prints the upload's URL as soon as it is known, then "done". Exit code 1 with the reason otherwise.
import { createReadStream } from 'node:fs';
import * as tus from 'tus-js-client';

const [endpoint, token, video, file, url] = process.argv.slice(2);
let told = false;
const upload = new tus.Upload(createReadStream(file), {
  endpoint,
  uploadUrl: url,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { video, filename: 'clip.mp4' },
  retryDelays: [0, 100, 300, 1000, 3000],
  // Called again when an upload goes on.
  onUploadUrlAvailable: () => told || (told = console.log(upload.url) ?? true),
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log('done'),
});
upload.start();
