"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
let sitting = 0;  // from 1
let session = "";  // tells two people with one number apart
let answers = [];  // a trial: {question: file}, or null
let trials = [];
let at = 0;

const kept = () => "rigmill-study-" + data.study + "-" + sitting;

function keep() {
  try { localStorage.setItem(kept(), JSON.stringify({session, answers})); } catch (error) { /* the file alone */ }
}

function begin() {
  const number = Number(by("sitting").value.trim());
  if (!Number.isInteger(number) || number < 1 || number > data.sittings.length) {
    by("wrong").textContent = "Your number is one from 1 to " + data.sittings.length + ".";
    by("sitting").focus();
    return;
  }
  sitting = number;
  trials = data.sittings[number - 1];
  answers = trials.map(() => null);
  session = [...crypto.getRandomValues(new Uint8Array(8))].map((one) => one.toString(16).padStart(2, "0")).join("");
  try {
    const before = JSON.parse(localStorage.getItem(kept()) || "null");
    if (before && before.answers.length === trials.length) ({session, answers} = before);
  } catch (error) { /* starts anew */ }
  by("start").hidden = true;
  const open = answers.findIndex((one) => !complete(one));
  go(open < 0 ? trials.length : open);
}

const complete = (one) => Boolean(one) && data.questions.every(({key}) => one[key]);

function made(tag, parent, text) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

function go(to) {
  at = Math.max(0, Math.min(trials.length, to));
  by("trial").hidden = at === trials.length;
  by("end").hidden = at < trials.length;
  by("done").style.width = (100 * at / trials.length) + "%";
  if (at === trials.length) {
    const open = answers.filter((one) => !complete(one)).length;
    by("answered").textContent = open ? open + " screens are not answered yet." : "All " + trials.length + " screens are answered.";
    return;
  }
  window.scrollTo(0, 0);
  const trial = trials[at];
  by("progress").textContent = (at + 1) + " of " + trials.length;
  by("words").textContent = data.words[trial.clip];
  by("shown").replaceChildren();
  by("shown").style.setProperty("--columns", Math.min(trial.shown.length, 3));
  trial.shown.forEach((file, place) => {
    const figure = made("figure", by("shown"));
    const video = made("video", figure);
    [video.width, video.height] = data.sizes[trial.clip];  // its place, before it has come: nothing moves under a finger
    Object.assign(video, {muted: true, loop: true, autoplay: true, playsInline: true, src: document.body.dataset.videos + "/" + file});
    made("figcaption", figure, LETTERS[place]);
    figure.addEventListener("click", () => figure.classList.toggle("large"));
  });
  together();
  by("questions").replaceChildren();
  data.questions.forEach(({key, text}) => {
    const row = made("fieldset", by("questions"));
    row.dataset.key = key;
    made("legend", row, trial.check === null ? text : "To check that you read this: choose " + LETTERS[trial.check] + " here.");
    const choices = made("div", row);
    choices.className = "choices";
    trial.shown.forEach((file, place) => {
      made("button", choices, LETTERS[place]).addEventListener("click", () => choose(key, file));
    });
  });
  mark();
}

function together() {  // all from the first frame, when all of them can
  const videos = [...document.querySelectorAll("#shown video")];
  const ready = videos.map((video) => video.readyState >= 3 ? null : new Promise((done) => {
    video.addEventListener("canplay", done, {once: true});
    video.addEventListener("error", done, {once: true});
  }));
  Promise.all(ready).then(() => videos.forEach((video) => { video.currentTime = 0; video.play().catch(() => {}); }));
}

function choose(key, file) {
  answers[at] = {...answers[at], [key]: file};
  keep();
  mark();
}

function mark() {
  const answer = answers[at] || {};
  const now = data.questions.find(({key}) => !answer[key]);
  document.querySelectorAll("fieldset").forEach((row) => {
    row.classList.toggle("now", Boolean(now) && row.dataset.key === now.key);
    row.querySelectorAll("button").forEach((choice, place) => {
      choice.setAttribute("aria-pressed", String(answer[row.dataset.key] === trials[at].shown[place]));
    });
  });
  by("next").disabled = Boolean(now);
  by("back").disabled = at === 0;
}

function save() {
  const given = answers.map((one) => complete(one) ? one : null);
  const result = {format: data.format, study: data.study, sitting, session, answers: given};
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(result, null, 1) + "\n"], {type: "application/json"}));
  link.download = "answers-" + sitting + "-" + session.slice(0, 6) + ".json";
  link.click();
  by("saved").textContent = "Saved as " + link.download + ". Please give it to whoever asked you.";
}

by("begin").addEventListener("click", begin);
by("next").addEventListener("click", () => go(at + 1));
by("back").addEventListener("click", () => go(at - 1));
by("return").addEventListener("click", () => go(trials.length - 1));
by("again").addEventListener("click", together);
by("save").addEventListener("click", save);
by("sitting").value = new URLSearchParams(location.search).get("n") || "";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input")) {
    if (event.key === "Enter") begin();
    return;
  }
  if (by("trial").hidden) return;
  const place = LETTERS.indexOf(event.key.toUpperCase());
  const open = data.questions.find(({key}) => !(answers[at] || {})[key]);
  if (event.key.length === 1 && place >= 0 && place < trials[at].shown.length && open) choose(open.key, trials[at].shown[place]);
  else if (event.key === "Enter" && !by("next").disabled && !event.target.matches("button")) go(at + 1);
  else if (event.key === "Backspace" || event.key === "ArrowLeft") go(at - 1);
  else if (event.key === " ") together();
  else return;
  event.preventDefault();
});
