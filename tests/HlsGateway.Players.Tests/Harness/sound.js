// What a video element's sound is: its level and its loudest tone. The element's output goes through here, and on to the loudspeaker.
const nothing = -200;

/** @returns {() => [number, number]} decibels of full scale (RMS, of the last 40 ms) and hertz */
export function listen(video) {
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
  context.createMediaElementSource(video).connect(analyser).connect(context.destination);
  const samples = new Float32Array(analyser.fftSize);
  const tones = new Float32Array(analyser.frequencyBinCount);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    let squares = 0;
    for (const sample of samples) squares += sample * sample;
    if (squares === 0) return [nothing, 0];
    analyser.getFloatFrequencyData(tones);
    let loudest = 0;
    for (let bin = 1; bin < tones.length; bin++) if (tones[bin] > tones[loudest]) loudest = bin;
    return [Math.max(nothing, 10 * Math.log10(squares / samples.length)), loudest * context.sampleRate / analyser.fftSize];
  };
}
