/** A chart's canvas with its heading and range above it, as a file. It comes with its first use. */
export function pictureOf(from, colours, heading, range, done) {
  const scale = devicePixelRatio;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [from.width + 32 * scale, from.height + 76 * scale];
  const paint = canvas.getContext("2d");
  paint.fillStyle = colours("--card");
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.fillStyle = colours("--ink");
  paint.font = `600 ${16 * scale}px system-ui, sans-serif`;
  paint.fillText(heading, 16 * scale, 26 * scale, from.width);
  paint.fillStyle = colours("--soft");
  paint.font = `${12 * scale}px system-ui, sans-serif`;
  paint.fillText(range, 16 * scale, 46 * scale, from.width);
  paint.drawImage(from, 16 * scale, 58 * scale);
  canvas.toBlob(done, "image/png");
}
