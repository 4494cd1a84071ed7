import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until, type Frame, type Wait } from "./driver/index.ts";

/** Colours that a fake camera can show. */
export type Colour = "red" | "blue";

const width = 320;
const height = 240;
const framesPerSecond = 30;
const seconds = 2;
const sampleRate = 48_000;

/** Files that stand for one person's camera and microphone. */
export interface MediaFiles {
  readonly camera: string;
  readonly microphone: string;
  /** Removes both. */
  remove(): void;
}

/** Writes a camera file with a moving pattern of one colour and a microphone file with a tone, in a temporary folder. */
export function makeMedia(colour: Colour, hertz: number): MediaFiles {
  const folder = mkdtempSync(join(tmpdir(), "parlour-media-"));
  const camera = join(folder, `${colour}.y4m`);
  const microphone = join(folder, `${hertz}.wav`);
  writeFileSync(camera, movingPicture(colour));
  writeFileSync(microphone, tone(hertz));
  return { camera, microphone, remove: () => { rmSync(folder, { recursive: true, force: true }); } };
}

/** A y4m of 2 s, 30 frames a second, 320 by 240: a lighter bar that crosses a field of the colour, twice. */
function movingPicture(colour: Colour): Buffer {
  const [u, v] = colour === "red" ? [90, 240] : [240, 110];
  const [dark, light] = colour === "red" ? [70, 120] : [35, 90];
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420mpeg2\n`);
  const chroma = Buffer.alloc((width / 2) * (height / 2) * 2);
  chroma.fill(u, 0, chroma.length / 2);
  chroma.fill(v, chroma.length / 2);
  const parts: Buffer[] = [head];
  for (let n = 0; n < seconds * framesPerSecond; n += 1) {
    const row = Buffer.alloc(width, dark);
    const at = Math.floor((n / framesPerSecond) * width) % width;
    for (let x = 0; x < width / 4; x += 1) row[(at + x) % width] = light;
    parts.push(Buffer.from("FRAME\n"), Buffer.concat(Array.from({ length: height }, () => row)), chroma);
  }
  return Buffer.concat(parts);
}

/** A mono 16 bit wav of 2 s: the tone in beats of 400 ms with 100 ms of silence, so that noise suppression takes it for a voice. */
function tone(hertz: number): Buffer {
  const samples = sampleRate * seconds;
  const data = Buffer.alloc(samples * 2);
  for (let n = 0; n < samples; n += 1) {
    const inBeat = (n % (sampleRate / 2)) / (sampleRate / 2);
    const loud = inBeat > 0.8 ? 0 : Math.min(1, inBeat * 40, (0.8 - inBeat) * 40);
    data.writeInt16LE(Math.round(Math.sin((2 * Math.PI * hertz * n) / sampleRate) * 16_000 * loud), n * 2);
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** What one video of a document shows. */
export interface Picture {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** Mean of all pixels, 0..255. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** Mean difference of a pixel to the frame before, 0..255. */
  readonly moved: number;
}

/** Looks at all videos of the document, through open shadow roots, over two frames at least 100 ms of film apart. Those without a picture are left out. */
export function pictures(frame: Frame): Promise<Picture[]> {
  return frame.evaluate(async () => {
    const all = (root: Document | ShadowRoot): HTMLVideoElement[] =>
      [...root.querySelectorAll("*")].flatMap((one) => [...(one instanceof HTMLVideoElement ? [one] : []), ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
    const draw = (video: HTMLVideoElement): Uint8ClampedArray => {
      const canvas = new OffscreenCanvas(64, 48);
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      if (pen === null) throw new Error("no canvas");
      pen.drawImage(video, 0, 0, 64, 48);
      return pen.getImageData(0, 0, 64, 48).data;
    };
    const later = (video: HTMLVideoElement): Promise<void> =>
      new Promise((resolve) => {
        const stop = setTimeout(resolve, 1_000); // a picture that stands still shows no further frame
        let first: number | undefined;
        const next = (now: number): void => {
          first ??= now;
          if (now - first >= 100) {
            clearTimeout(stop);
            resolve();
          } else video.requestVideoFrameCallback(next);
        };
        video.requestVideoFrameCallback(next);
      });
    const shown = all(document).filter((video) => video.readyState >= 2 && video.videoWidth > 0);
    return Promise.all(shown.map(async (video) => {
      const before = draw(video);
      await later(video);
      const after = draw(video);
      const sum = [0, 0, 0];
      let moved = 0;
      for (const [i, value] of after.entries()) {
        if (i % 4 === 3) continue;
        sum[i % 4] = (sum[i % 4] ?? 0) + value;
        moved += Math.abs(value - (before[i] ?? 0));
      }
      const [red = 0, green = 0, blue = 0] = sum.map((one) => Math.round(one / (after.length / 4)));
      const label = video.getAttribute("aria-label") ?? video.title;
      return { label, width: video.videoWidth, height: video.videoHeight, red, green, blue, moved: Math.round((moved / (after.length * 0.75)) * 10) / 10 };
    }));
  });
}

/** Whether the picture is one of our fake cameras' of that colour. */
export function isColour(picture: Picture, colour: Colour): boolean {
  const [main, other] = colour === "red" ? [picture.red, picture.blue] : [picture.blue, picture.red];
  return main > 90 && main > 2 * other && main > 2 * picture.green;
}

/** Waits until some video of the document shows the colour and moves. */
export async function seesMoving(frame: Frame, colour: Colour, wait?: Wait): Promise<Picture> {
  let last: Picture[] = [];
  return until(`a moving ${colour} video in ${frame.url()}`, async () => {
    last = await pictures(frame);
    return last.find((one) => isColour(one, colour) && one.moved > 1);
  }, wait?.within, () => Promise.resolve(`  videos there: ${JSON.stringify(last)}`));
}

/** What one media element of a document sounds like. */
export interface Sound {
  readonly label: string;
  readonly muted: boolean;
  /** Strongest frequency in hertz, within 6; 0 for silence. */
  readonly hertz: number;
  /** Its loudness in dBFS. */
  readonly level: number;
}

/** Listens for a second to the stream of every audio and video element with an audio track, through open shadow roots. Elements that are not in the document are not found. */
export function sounds(frame: Frame): Promise<Sound[]> {
  return frame.evaluate(async () => {
    const all = (root: Document | ShadowRoot): HTMLMediaElement[] =>
      [...root.querySelectorAll("*")].flatMap((one) => [...(one instanceof HTMLMediaElement ? [one] : []), ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
    const sounding = all(document).filter((one) => one.srcObject instanceof MediaStream && one.srcObject.getAudioTracks().length > 0);
    const context = new AudioContext();
    await context.resume();
    const heard = await Promise.all(sounding.map(async (element) => {
      const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
      if (element.srcObject instanceof MediaStream) new MediaStreamAudioSourceNode(context, { mediaStream: element.srcObject }).connect(analyser);
      const bins = new Float32Array(analyser.frequencyBinCount);
      let loudest = { bin: 0, level: -Infinity };
      const end = performance.now() + 1_000;
      while (performance.now() < end) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        analyser.getFloatFrequencyData(bins);
        bins.forEach((level, bin) => { if (bin > 2 && level > loudest.level) loudest = { bin, level }; });
      }
      const hertz = loudest.level > -70 ? Math.round((loudest.bin * context.sampleRate) / analyser.fftSize) : 0;
      return { label: element.getAttribute("aria-label") ?? element.title, muted: element.muted, hertz, level: Math.max(-200, Math.round(loudest.level)) };
    }));
    await context.close();
    return heard;
  });
}

/** Waits until some element of the document that is not muted sounds with that frequency, within 3 per cent. */
export async function hears(frame: Frame, hertz: number, wait?: Wait): Promise<Sound> {
  let last: Sound[] = [];
  return until(`a tone of ${hertz} Hz in ${frame.url()}`, async () => {
    last = await sounds(frame);
    return last.find((one) => !one.muted && Math.abs(one.hertz - hertz) <= Math.max(6, hertz * 0.03));
  }, wait?.within, () => Promise.resolve(`  sounds there: ${JSON.stringify(last)}`));
}
