import { afterAll, beforeAll, expect, it } from "vitest";

import { axe } from "../axe.ts";
import { hears, isColour, makeMedia, pictures, seesMoving, sounds, type MediaFiles } from "../media.ts";
import { Artifacts, openBrowser, type Browser, type Page } from "./index.ts";
import { TestSite } from "./test-site.ts";

const plain = `<!doctype html><html lang=en><title>Plain</title><main><h1>Plain</h1></main></html>`;
const faulty = `<!doctype html><title>Faulty</title><img src="data:,"><div id=shade></div><script>
shade.attachShadow({mode:"open"}).innerHTML = "<input>"</script>`;
const strict = { body: plain, headers: { "content-security-policy": "default-src 'none'; script-src 'self'" } };

/** Two connections in one page: what the camera and microphone give goes through WebRTC into a video in a shadow root. */
const call = `<!doctype html><html lang=en><title>Call</title><main><h1>Call</h1><button>Start</button><p id=state role=status></p><div id=shade></div></main><script>
const root = shade.attachShadow({mode:"open"});
document.querySelector("button").onclick = async () => {
  try {
    const own = await navigator.mediaDevices.getUserMedia({audio:true, video:true});
    const a = new RTCPeerConnection(), b = new RTCPeerConnection();
    a.onicecandidate = (e) => b.addIceCandidate(e.candidate); b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
    const video = document.createElement("video"); video.autoplay = true; video.playsInline = true; video.ariaLabel = "Other"; root.append(video);
    b.ontrack = (e) => { video.srcObject = e.streams[0]; };
    const channel = a.createDataChannel("main");
    b.ondatachannel = (e) => { e.channel.onmessage = (m) => e.channel.send("echo of " + new TextDecoder().decode(m.data)); };
    channel.onopen = () => channel.send(new TextEncoder().encode("over the channel"));
    for (const track of own.getTracks()) a.addTrack(track, own);
    await a.setLocalDescription(); await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription(); await a.setRemoteDescription(b.localDescription);
    state.textContent = "in the call";
  } catch (error) { state.textContent = "no media: " + error.name; }
};</script></html>`;

/** The same inside a frame of another site that was allowed to. */
const host = `<!doctype html><html lang=en><title>Host</title><iframe src="%OTHER%/call" title=Call allow="camera; microphone" width=600 height=400></iframe></html>`;

let site: TestSite;
const files: MediaFiles[] = [];
const browsers: Browser[] = [];

beforeAll(async () => {
  site = await TestSite.open({ "/call": call, "/host": host, "/plain": plain, "/faulty": faulty, "/strict": strict });
});
afterAll(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  for (const one of files) one.remove();
  await site.close();
});

async function withMedia(who: string, colour: "red" | "blue", hertz: number): Promise<Page> {
  const made = makeMedia(colour, hertz);
  files.push(made);
  const browser = await openBrowser({ who, artifacts: new Artifacts(`driver-media-${who}`), camera: made.camera, microphone: made.microphone, wire: true });
  browsers.push(browser);
  return browser.page();
}

it("shows and plays each browser's own colour and tone, through WebRTC, in a frame of another site", async () => {
  for (const [who, colour, hertz] of [["visitor", "red", 440], ["agent", "blue", 880]] as const) {
    const page = await withMedia(who, colour, hertz);
    await page.open(`${site.shop}/host`);
    const frame = page.frame("/call");
    await frame.click("button", "Start");
    await frame.seeText("in the call");
    const picture = await seesMoving(frame, colour);
    expect(picture.label).toBe("Other");
    expect((await hears(frame, hertz)).muted).toBe(false);
    await page.screenshot("call");
    const other = colour === "red" ? "blue" : "red";
    await expect(seesMoving(frame, other, { within: 500 })).rejects.toThrow("videos there");
    await expect(hears(frame, hertz * 2, { within: 1_500 })).rejects.toThrow("sounds there");
    await expect.poll(() => page.wire.map((one) => `${one.via} ${one.way} ${one.channel}: ${one.text}`)).toEqual(
      expect.arrayContaining(["datachannel up main: over the channel", "datachannel down main: echo of over the channel"]),
    );
  }
});

it("sees a picture that stands still, and silence", async () => {
  const page = await withMedia("still", "red", 440);
  await page.open(`${site.other}/call`);
  await page.click("button", "Start");
  await seesMoving(page, "red");
  await page.evaluate(() => {
    const video = document.querySelector("#shade")?.shadowRoot?.querySelector("video");
    if (!(video?.srcObject instanceof MediaStream)) throw new Error("no stream");
    video.pause();
    for (const track of video.srcObject.getAudioTracks()) track.enabled = false;
  });
  const [picture] = await pictures(page);
  expect(picture !== undefined && isColour(picture, "red")).toBe(true);
  expect(picture?.moved).toBe(0);
  await expect.poll(async () => (await sounds(page))[0]?.hertz, { timeout: 10_000 }).toBe(0);
});

it("refuses camera and microphone when told to", async () => {
  const browser = await openBrowser({ who: "shy", artifacts: new Artifacts("driver-media-shy"), refuseMedia: true });
  browsers.push(browser);
  const page = await browser.page();
  await page.open(`${site.other}/call`);
  await page.click("button", "Start");
  await page.seeText(/^no media: Not/);
});

it("finds with axe what is wrong, in shadow roots too, and nothing where nothing is", async () => {
  const browser = await openBrowser({ who: "axe", artifacts: new Artifacts("driver-axe") });
  browsers.push(browser);
  const page = await browser.page();
  await page.open(`${site.shop}/plain`);
  await axe(page);
  await page.open(`${site.shop}/strict`);
  await axe(page);
  await page.open(`${site.shop}/faulty`);
  const error = await axe(page).catch((reason: unknown) => String(reason));
  for (const rule of ["image-alt", "html-has-lang", "label (critical)"]) expect(error).toContain(rule);
});
