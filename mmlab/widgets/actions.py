"""What a panel does in the page, without asking Python: names for sliders, copying, announcements.

ipywidgets gives a slider's handle no accessible name and no way to set one; each gets the label of its row, and its
value as the box beside it says it. Buttons with `data-copy` copy that text, the button `.mmlab-copy` the line beside
it; buttons with `data-press` press a widget button that is not shown. After a change the sentence is announced once
nothing moves any more.
"""

from __future__ import annotations

from html import escape

SCRIPT = """
const panel = this.closest('.mmlab-panel');
if (!panel || panel.dataset.wired) return;
panel.dataset.wired = '1';
const name = () => panel.querySelectorAll('.mmlab-row').forEach(row => {
  const label = row.querySelector('label'), box = row.querySelector('input');
  row.querySelectorAll('[role=slider]').forEach(one => {
    if (label) one.setAttribute('aria-label', label.textContent);
    if (box && box.value && one.getAttribute('aria-valuetext') !== box.value)
      one.setAttribute('aria-valuetext', box.value);
  });
});
const say = words => { const place = panel.querySelector('.mmlab-said'); if (place) place.textContent = words; };
let told = null, timer = null;
const tell = () => {
  const said = panel.querySelector('.mmlab-sentence');
  if (said && told !== null && said.textContent !== told) say(said.textContent);
  if (said) told = said.textContent;
};
const look = () => { name(); clearTimeout(timer); timer = setTimeout(() => { name(); tell(); }, 900); };
new MutationObserver(look).observe(panel, {childList: true, subtree: true});
look();
const old = text => {
  const area = document.createElement('textarea');
  area.value = text; area.style.position = 'fixed'; area.style.opacity = '0';
  document.body.appendChild(area); area.select();
  let done = false;
  try { done = document.execCommand('copy'); } catch (error) { done = false; }
  area.remove();
  return done;
};
const copy = async (button, text) => {
  let done = false;
  try { await navigator.clipboard.writeText(text); done = true; } catch (error) { done = old(text); button.focus(); }
  if (!button.dataset.label) button.dataset.label = button.textContent;
  button.textContent = done ? 'Copied' : 'Not copied';
  say(done ? 'Copied: ' + text : 'Not copied: select the line and press Ctrl+C');
  setTimeout(() => { button.textContent = button.dataset.label; }, 2000);
};
panel.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.copy) copy(button, button.dataset.copy);
  else if (button.classList.contains('mmlab-copy'))
    copy(button, button.closest('.mmlab-row').querySelector('input').value);
  else if (button.dataset.press) {
    const pin = panel.querySelector('.mmlab-pin');
    if (pin) pin.focus();
    const hidden = panel.querySelector('.' + button.dataset.press);
    if (hidden) hidden.click();
  }
});
"""
ONLOAD = escape("(function () {" + " ".join(SCRIPT.split()) + "}).call(this)")
SAID = '<div class="mmlab-said" role="status"></div>'
"""where announcements are made"""
