// Reads the strip that Rig/Barcode.cs describes from the picture that a video element shows.
const cells = 16, numberBits = 11, stripPart = 12, pixelsPerCell = 4;

const firefox = navigator.userAgent.includes("Firefox");
const canvas = new OffscreenCanvas(cells * pixelsPerCell, 4);
const context = canvas.getContext("2d", { willReadFrequently: true });

/**
 * The picture that the element shows now and its own time, which go together however late the page looks.
 * @param {number} mediaTime of the picture that was shown last, seconds: Firefox gives a picture its time in whole seconds
 * @returns {{ time: number, frame: [number, number] | null }} seconds; source and frame number, null where no strip is to be seen
 */
export function read(video, mediaTime) {
  const picture = new VideoFrame(video);
  try {
    const { displayWidth: width, displayHeight: height } = picture;
    // A 16:9 picture that was fitted into a taller one has its strip further down.
    const fitted = Math.min(height, width * 9 / 16);
    return { time: firefox ? mediaTime : picture.timestamp / 1e6, frame: readAt(picture, width, 0, height) ?? readAt(picture, width, (height - fitted) / 2, fitted) };
  } finally {
    picture.close();
  }
}

function readAt(picture, width, above, pictureHeight) {
  const height = pictureHeight / stripPart;
  context.drawImage(picture, 0, above + height / 4, width, height / 2, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let bits = 0;
  for (let cell = 0; cell < cells; cell++) {
    const at = (2 * canvas.width + cell * pixelsPerCell + pixelsPerCell / 2) * 4;
    const luma = 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
    if (luma > 96 && luma < 160) return null;
    bits = bits << 1 | (luma >= 160 ? 1 : 0);
  }
  let ones = 0;
  for (let rest = bits & 0x3fff; rest; rest &= rest - 1) ones++;
  return bits >> 14 === 2 && ones % 2 === 0 ? [bits >> 12 & 3, bits >> 1 & (1 << numberBits) - 1] : null;
}
