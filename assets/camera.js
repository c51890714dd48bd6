/* The picture of the camera's page: made small and bare here, so that only pixels leave the device;
   and what is said while its model gets ready. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const UPLOAD = "camera-upload";
  const QUALITY = 0.92;
  // Between two questions of how far the model is.
  const ASK_MS = 1200;
  const BASE64_BYTES_PER_LETTER = 3 / 4;

  const node = (id) => document.getElementById(id);
  const handIn = (contents) => window.dash_clientside.set_props(UPLOAD, { contents });

  const asDataUrl = (blob) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => resolve(reader.result));
      reader.addEventListener("error", () => reject(reader.error));
      reader.readAsDataURL(blob);
    });

  /** The picture as a JPEG of bare pixels, upright, no longer than so many of them. */
  const redrawn = async (contents, longestSide) => {
    const picture = new Image();
    picture.src = contents;
    await picture.decode();
    const scale = Math.min(1, longestSide / Math.max(picture.naturalWidth, picture.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.naturalWidth * scale);
    canvas.height = Math.round(picture.naturalHeight * scale);
    const pen = canvas.getContext("2d");
    // What is transparent is laid over white, as the server does.
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", QUALITY);
  };

  // Browsers draw these; the server does not take them, and says so of the file itself.
  const isDrawing = (contents) => contents.startsWith("data:image/svg");

  const prepared = async (contents, settings) => {
    try {
      if (!isDrawing(contents)) return await redrawn(contents, settings.maxSide);
    } catch {
      // Not a picture for this browser: the server says what is wrong with it.
    }
    const bytes = (contents.length - contents.indexOf(",") - 1) * BASE64_BYTES_PER_LETTER;
    return bytes > settings.maxBytes ? null : contents;
  };

  /** Have the model loaded; how far it is. */
  const askModel = async ({ readyUrl }) => {
    try {
      const reply = await fetch(readyUrl, { method: "POST" });
      const { model = "away" } = await reply.json();
      return model;
    } catch {
      return "away";
    }
  };

  /** As the page opens, so that the first picture does not wait for it. */
  const getReady = async (settings) => {
    let told = null;
    do {
      if (told) await app.pause(ASK_MS);
      told = await askModel(settings);
      app.write({ "camera-model": { text: settings.model[told] } });
    } while (told === "loading" && node("camera-model"));
  };

  const isUnderWay = () => node("camera-progress")?.hidden === false;

  /** What happens to the picture that was handed in, until it has happened. */
  const tellSteps = async ({ steps, ...settings }) => {
    app.write({ "camera-step": { text: steps.cold } });
    await app.pause(ASK_MS);
    while (isUnderWay()) {
      const told = await askModel(settings);
      app.write({ "camera-step": { text: steps[told] } });
      await app.pause(ASK_MS);
    }
  };

  /** A picture was chosen: show it at once, and hand it to the server. */
  const prepare = async (contents, settings) => {
    const { no_update: none } = window.dash_clientside;
    if (!contents) return [none, none, none];
    const data = await prepared(contents, settings);
    const isShown = Boolean(data && data.startsWith("data:image/jpeg"));
    tellSteps(settings);
    // The number makes the same picture news when it is handed in again.
    return [{ data, number: Date.now() }, isShown ? data : "", !isShown];
  };

  /** An element once it is there: Dash loads some of its components after the page. */
  const whenThere = async (selector) => {
    while (!document.querySelector(selector)) {
      await new Promise((resolve) => window.requestAnimationFrame(resolve));
    }
    return document.querySelector(selector);
  };

  /** What dcc.Upload does not let one say of its field: its name, and that pictures are meant. */
  const equip = async (settings) => {
    getReady(settings);
    const field = await whenThere(`#${UPLOAD} input[type=file]`);
    field.setAttribute("aria-label", settings.uploadLabel);
    // For the machine's own dialogue alone: what is dropped here is checked by the server.
    field.setAttribute("accept", "image/*");
    node("camera-again").addEventListener("click", () => tellSteps(settings));
    return false;
  };

  const sample = async (clicks, settings) => {
    if (!clicks) return window.dash_clientside.no_update;
    const reply = await fetch(settings.sampleUrl);
    handIn(await asDataUrl(await reply.blob()));
    return window.dash_clientside.no_update;
  };

  const fade = (percent) => ({ opacity: Number(percent) / 100 });

  document.addEventListener("paste", async (event) => {
    const file = [...(event.clipboardData?.files || [])].find(({ type }) =>
      type.startsWith("image/"),
    );
    if (!file || !node(UPLOAD)) return;
    event.preventDefault();
    handIn(await asDataUrl(file));
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.camera = { equip, prepare, sample, fade };
})();
