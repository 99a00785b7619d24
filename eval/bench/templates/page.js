"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);
const SURE = [["1", 0, "guessed"], ["2", 0.25, "doubtful"], ["3", 0.5, "may be"], ["4", 0.75, "likely"], ["5", 1, "sure"]];
const KEPT = "rigmill-bench-" + data.bench;
const answers = data.clips.map(() => ({category: "", confidence: "", notes: ""}));
const undone = [];  // what was there before, the newest last: [clip, answer]
let at = 0;

try {  // a browser may forbid it, and a page must work without
  const kept = JSON.parse(localStorage.getItem(KEPT) || "null");
  if (kept) {
    data.annotator = kept.annotator || data.annotator;
    data.clips.forEach((clip, i) => Object.assign(answers[i], kept.answers[clip.id]));
  }
} catch (error) { /* starts empty */ }

function keep() {
  try {
    const own = {};
    data.clips.forEach((clip, i) => { own[clip.id] = answers[i]; });
    localStorage.setItem(KEPT, JSON.stringify({annotator: by("annotator").value, answers: own}));
  } catch (error) { /* it is in the CSV only */ }
}

function button(parent, key, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  if (key) { const hint = document.createElement("kbd"); hint.textContent = key; made.append(hint, " "); }
  made.append(label);
  made.addEventListener("click", act);
  parent.append(made);
  return made;
}

const ofCategory = data.categories.map(({key, name}) => button(by("categories"), key, name, () => say({category: name})));
const ofSure = SURE.map(([key, value, label]) => button(by("confidences"), key, label, () => sure(value)));
const ofClip = data.clips.map((clip, i) => button(by("clips"), "", String(i + 1), () => go(i)));

function say(change) {
  undone.push([at, {...answers[at]}]);
  Object.assign(answers[at], change);
  keep();
  show();
}

function sure(value) {
  say({confidence: String(value)});
  if (answers[at].category) go(at + 1);
}

function undo() {
  const last = undone.pop();
  if (!last) return;
  answers[last[0]] = last[1];
  keep();
  go(last[0]);
}

function go(to) {
  leaveNotes();
  const next = Math.max(0, Math.min(data.clips.length - 1, to));
  if (next !== at) {
    by("words").hidden = true;
    window.scrollTo(0, 0);
  }
  at = next;
  show();
}

function leaveNotes() {
  const text = by("notes").value;
  if (text !== answers[at].notes) {
    undone.push([at, {...answers[at]}]);
    answers[at].notes = text;
    keep();
  }
}

function show() {
  const clip = data.clips[at];
  if (by("video").dataset.clip !== clip.id) {
    by("video").dataset.clip = clip.id;
    by("video").src = clip.video;
  }
  by("words").textContent = clip.words;
  by("notes").value = answers[at].notes;
  ofCategory.forEach((made, i) => made.setAttribute("aria-pressed", data.categories[i].name === answers[at].category));
  ofSure.forEach((made, i) => made.setAttribute("aria-pressed", String(SURE[i][1]) === answers[at].confidence));
  ofClip.forEach((made, i) => {
    made.classList.toggle("done", Boolean(answers[i].category));
    if (i === at) made.setAttribute("aria-current", "true"); else made.removeAttribute("aria-current");
  });
  const done = answers.filter((answer) => answer.category).length;
  by("progress").textContent = "clip " + (at + 1) + " of " + data.clips.length + ", " + done + " done";
}

function cell(text) {
  const flat = text.replace(/\s+/g, " ").trim();
  const safe = /^[=+\-@]/.test(flat) ? "'" + flat : flat;
  return /[",;]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
}

function csv() {
  leaveNotes();
  const lines = [data.columns.join(",")];
  data.clips.forEach((clip, i) => {
    const {category, confidence, notes} = answers[i];
    lines.push([clip.id, category, by("annotator").value, confidence, notes].map(cell).join(","));
  });
  return lines.join("\n") + "\n";
}

function save() {
  const name = by("annotator").value.trim();
  if (!name) {
    by("progress").textContent = "write your name first";
    by("annotator").focus();
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], {type: "text/csv"}));
  link.download = "bench-" + name.replace(/[^\p{L}\p{N}]+/gu, "-") + ".csv";
  link.click();
  const left = answers.filter((answer) => !answer.category).length;
  by("progress").textContent = left ? "saved; " + left + " clips have no category yet" : "saved";
}

by("annotator").value = data.annotator;
by("annotator").addEventListener("input", keep);
by("notes").addEventListener("change", () => { leaveNotes(); show(); });
by("save").addEventListener("click", save);
by("undo").addEventListener("click", undo);
by("back").addEventListener("click", () => go(at - 1));
by("next").addEventListener("click", () => go(at + 1));
by("words-button").addEventListener("click", () => { by("words").hidden = !by("words").hidden; });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input")) {
    if (event.key === "Enter" || event.key === "Escape") event.target.blur();
    return;
  }
  const category = data.categories.findIndex(({key}) => key === event.key);
  const certainty = SURE.find(([key]) => key === event.key);
  if (category >= 0) say({category: data.categories[category].name});
  else if (certainty) sure(certainty[1]);
  else if (event.key === "z" || event.key === "Backspace") undo();
  else if (event.key === "ArrowRight" || event.key === "Enter") go(at + 1);
  else if (event.key === "ArrowLeft") go(at - 1);
  else if (event.key === ".") by("words").hidden = !by("words").hidden;
  else if (event.key === "/") by("notes").focus();
  else if (event.key === " ") { const video = by("video"); if (video.paused) video.play(); else video.pause(); }
  else return;
  event.preventDefault();
});
show();
