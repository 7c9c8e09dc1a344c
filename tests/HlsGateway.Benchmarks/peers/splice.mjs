// A peer: the trailer spliced into a playlist for each viewer by @eyevinn/hls-splice, over HTTP. Its origin is in memory; it adds no session, no
// captions and no signature, and counts nothing.
// Usage: node splice.mjs PORT; GET /23 and /1800: a Media Playlist of that many segments with three of a trailer behind it.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import HLSSpliceVod from '@eyevinn/hls-splice';

const master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=320x180,CODECS="avc1.64000c,mp4a.40.2"\n720p/video.m3u8\n';
const media = (segments, seconds, name) => '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n'
  + Array.from({ length: segments }, (_, at) => `#EXTINF:${seconds},\n${name}${at}.ts\n`).join('') + '#EXT-X-ENDLIST\n';
const trailer = media(3, 2, 'trailer');
const videos = new Map([23, 1800].map((segments) => [`/${segments}`, { text: media(segments, 4, 'video'), end: segments * 4000 }]));
const stream = (text) => () => Readable.from([Buffer.from(text)]);

createServer(async (request, response) => {
  const video = videos.get(request.url);
  if (!video) {
    response.writeHead(404).end();
    return;
  }
  const vod = new HLSSpliceVod('http://origin/v/master.m3u8');
  await vod.load(stream(master), stream(video.text));
  await vod.insertAdAt(video.end, 'http://origin/trailer/master.m3u8', stream(master), stream(trailer));
  const body = vod.getMediaManifest(2000000);
  response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'content-length': Buffer.byteLength(body) }).end(body);
}).listen(Number(process.argv[2]), '127.0.0.1');
