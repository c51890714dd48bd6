/* What plays a day: where it is, how fast it goes, and between which times it goes round. Plain data in,
   plain data out; assets/trends_replay_view.js shows it and keeps it in the address. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const MINUTE_S = 60;
  const HOUR_S = 3600;
  const DAY_MINUTES = 1440;
  const MS_PER_S = 1000;
  // A tab that slept, or a machine that was busy, goes on where it was.
  const LONGEST_STEP_MS = 250;
  // Minutes a second.
  const SPEEDS = [10, 30, 60, 120, 300];
  const FIRST_SPEED = 30;
  const PARAMETERS = { time: "t", speed: "vitesse", loop: "boucle" };
  // As French numbers the second of two: the hour that comes twice when summer time ends.
  const SECOND = "bis";
  const END = "24:00";

  /** Where a player starts: at the beginning of a day, at rest.

      @param start, until  the day's, in seconds since 1970 UTC */
  const begin = ({ start, until }) => ({
    at: start,
    start,
    until,
    speed: FIRST_SPEED,
    isPlaying: false,
    isLoop: false,
    from: start,
    to: until,
  });

  const bounded = ({ start, until }, at) => Math.min(until, Math.max(start, at));

  const seek = (player, at) => ({ ...player, at: bounded(player, at) });

  /** Where the loop ends goes on at its beginning; the end of the day is the end. */
  const advance = (player, elapsedMs) => {
    const { at, speed, isLoop, from, to, until } = player;
    const seconds = (Math.min(elapsedMs, LONGEST_STEP_MS) / MS_PER_S) * speed * MINUTE_S;
    const next = at + seconds;
    if (isLoop && to > from && (next >= to || at < from)) {
      return { ...player, at: at < from ? from : from + ((next - to) % (to - from)) };
    }
    if (next < until) return { ...player, at: next };
    return { ...player, at: until, isPlaying: false };
  };

  /** Play, from the beginning where the end was reached; or pause. */
  const toggle = (player) => {
    if (player.isPlaying) return { ...player, isPlaying: false };
    const at = player.at >= player.until ? player.start : player.at;
    return { ...player, at, isPlaying: true };
  };

  const loopBetween = (player, from, to) => ({
    ...player,
    isLoop: true,
    from: Math.min(from, to),
    to: Math.max(from, to),
  });

  /** Go round from where it is, or up to there: to the other end of the range, or of the day. */
  const loopFromHere = (player) => {
    const { at, to, until } = player;
    return loopBetween(player, at, to > at ? to : until);
  };
  const loopToHere = (player) => {
    const { at, from, start } = player;
    return loopBetween(player, from < at ? from : start, at);
  };

  /** Go round all of the day, or no more. */
  const toggleLoop = (player) => ({
    ...player,
    isLoop: !player.isLoop,
    from: player.start,
    to: player.until,
  });

  const minutesOf = (epochS) => {
    const [hours, minutes] = app.wording.time(epochS).split(":").map(Number);
    return hours * MINUTE_S + minutes;
  };

  /** A time of day as an address has it: "08:15", "02:15bis" where the clock shows it again, and
      "24:00" for the end. */
  const written = ({ start, until }, epochS) => {
    if (epochS >= until) return END;
    const isSecond = epochS - start >= HOUR_S && minutesOf(epochS - HOUR_S) === minutesOf(epochS);
    return app.wording.time(epochS) + (isSecond ? SECOND : "");
  };

  /** The time that an address has, within a day; null where that day has none such. */
  const readTime = ({ start, until }, text) => {
    const [, hours, minutes, second] = /^([01]\d|2[0-3]):([0-5]\d)(bis)?$/.exec(text) ?? [];
    if (!hours) return text === END ? until : null;
    const wanted = Number(hours) * MINUTE_S + Number(minutes);
    const found = [-MINUTE_S, 0, MINUTE_S]
      .map((shift) => start + (wanted + shift) * MINUTE_S)
      .filter((at) => at >= start && at <= until && minutesOf(at) === wanted % DAY_MINUTES);
    return (second ? found[1] : found[0]) ?? null;
  };

  /** A player as an address asks for it; what makes no sense there is left out. */
  const read = (player, search) => {
    const asked = new URLSearchParams(search);
    const at = readTime(player, asked.get(PARAMETERS.time) ?? "");
    const speed = Number(asked.get(PARAMETERS.speed));
    const [from, to] = (asked.get(PARAMETERS.loop) ?? "")
      .split("-")
      .map((text) => readTime(player, text));
    const set = {
      ...player,
      at: at ?? player.at,
      speed: SPEEDS.includes(speed) ? speed : player.speed,
    };
    const isRange = (from ?? null) !== null && (to ?? null) !== null && from !== to;
    return isRange ? loopBetween(set, from, to) : set;
  };

  /** The search part of its address; what others put into it stays. */
  const write = (player, search) => {
    const asked = new URLSearchParams(search);
    asked.set(PARAMETERS.time, written(player, player.at));
    if (player.speed === FIRST_SPEED) asked.delete(PARAMETERS.speed);
    else asked.set(PARAMETERS.speed, player.speed);
    const ends = [player.from, player.to].map((at) => written(player, at));
    if (player.isLoop) asked.set(PARAMETERS.loop, ends.join("-"));
    else asked.delete(PARAMETERS.loop);
    // Colons stay readable.
    return `?${asked.toString().replaceAll("%3A", ":")}`;
  };

  app.replayPlayer = {
    SPEEDS,
    advance,
    begin,
    loopFromHere,
    loopToHere,
    read,
    seek,
    toggle,
    toggleLoop,
    write,
  };
})();
