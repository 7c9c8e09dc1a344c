export const shows = false;

export const version = () => /Chrome\/([\d.]+)/.exec(navigator.userAgent)?.[1] ?? navigator.userAgent;

export async function play(video, src, { fail }) {
  if (!video.canPlayType("application/vnd.apple.mpegurl")) throw new Error("This browser plays no HLS by itself.");
  video.addEventListener("error", () => fail(`${video.error?.code}: ${video.error?.message}`));
  video.src = src;
  return () => video.textTracks;
}
