import { effect } from "@preact/signals-core";
import { words } from "../catalogue.ts";
import type { Desk } from "../models/desk.ts";

/** Milliseconds from one tone to the next, and from one title to the other. */
const toneEvery = 2200;
const flashEvery = 1000;

/** Two short notes, made in the browser: no file, no network. */
function tone(audio: AudioContext): void {
  [660, 880].forEach((pitch, i) => {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + i * 0.22;
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
    note.connect(volume).connect(audio.destination);
    note.start(at);
    note.stop(at + 0.21);
  });
}

/** Sounds, flashes and notifies for a desk's offers until signal ends (DESK-9). */
export class Alarm {
  readonly #desk: Desk;
  readonly #audio: AudioContext | undefined;
  #tone: ReturnType<typeof setInterval> | undefined;
  readonly #notified = new Map<string, Notification>();

  constructor(desk: Desk, signal: AbortSignal) {
    this.#desk = desk;
    this.#audio = typeof AudioContext === "undefined" ? undefined : new AudioContext();
    this.#judge();
    this.#audio?.addEventListener("statechange", () => this.#judge(), { signal });
    const unlock = () => void this.unlock(); // refusals show by soundBlocked
    // Not as early as pointerdown: the notice that goes moves what is below it, and a click whose button has moved is lost.
    for (const kind of ["click", "keydown"]) window.addEventListener(kind, unlock, { signal });
    const stops = [
      effect(() => this.#ring(desk.attention.ringing.value)),
      effect(() => this.#notify()),
      this.#flash(),
    ];
    const end = () => {
      stops.forEach((stop) => stop());
      this.#ring(false);
      void this.#audio?.close();
      document.title = words.product;
    };
    signal.addEventListener("abort", end, { once: true });
  }

  /** Lets sound through; works only inside a click or a key. */
  async unlock(): Promise<void> {
    if (this.#audio?.state === "suspended") await this.#audio.resume().catch(() => undefined);
    this.#judge();
  }

  #judge(): void {
    this.#desk.attention.soundBlocked.value = this.#audio?.state !== "running";
  }

  #ring(on: boolean): void {
    clearInterval(this.#tone);
    if (!on || this.#audio === undefined) return;
    const audio = this.#audio;
    const sound = () => {
      if (audio.state === "running") tone(audio);
      else this.#judge();
    };
    sound();
    this.#tone = setInterval(sound, toneEvery);
  }

  #flash(): () => void {
    let timer: ReturnType<typeof setInterval> | undefined;
    let odd = false;
    const stop = effect(() => {
      const { title, flashing } = this.#desk.attention;
      const text = title.value;
      document.title = text;
      clearInterval(timer);
      if (!flashing.value) return;
      timer = setInterval(() => {
        odd = !odd;
        document.title = odd ? words.product : text;
      }, flashEvery);
    });
    return () => {
      stop();
      clearInterval(timer);
    };
  }

  #notify(): void {
    const offers = this.#desk.offers.value;
    const open = new Set<string>(offers.filter((o) => o.takenBy.value === "").map((o) => o.item.offer));
    for (const [id, shown] of this.#notified) {
      if (open.has(id)) continue;
      shown.close();
      this.#notified.delete(id);
    }
    if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
    for (const offer of offers) {
      if (this.#notified.has(offer.item.offer) || !offer.item.rings || offer.takenBy.value !== "" || document.hasFocus()) continue;
      const body = words.offer.wants(offer.name, offer.item.queue);
      const shown = new Notification(offer.title.value, { body, tag: offer.item.offer });
      shown.onclick = () => {
        window.focus();
        shown.close();
      };
      this.#notified.set(offer.item.offer, shown);
    }
  }
}
