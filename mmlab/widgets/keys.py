"""Keys that press a panel's buttons, from anywhere in the panel and nowhere else; and live regions that stay."""

# ipywidgets has no way to say what a key does. One listener for all panels stands before JupyterLab's own (which would
# make a heading of the cell for a number) and lets go of whatever is not meant for a panel: keys elsewhere, keys with a
# modifier, keys in a box that takes text. A button that was pressed and cannot be pressed again would lose the focus to
# the page: the panel takes it. A live region must be there before its text is.
SCRIPT = """
const panel = this.closest('.mmlab-keys');
if (panel) {
  const label = panel.querySelector('.mmlab-name');
  panel.setAttribute('role', 'group');
  panel.setAttribute('aria-label', label ? label.textContent : 'panel');
  panel.tabIndex = -1;
  panel.querySelectorAll('.mmlab-live').forEach(one => {
    one.setAttribute('role', 'status');
    one.setAttribute('aria-live', 'polite');
  });
  new MutationObserver(seen => seen.forEach(one => {
    if (one.target.disabled && one.target === document.activeElement) panel.focus({preventScroll: true});
  })).observe(panel, {subtree: true, attributes: true, attributeFilter: ['disabled']});
}
if (!window.mmlabKeys) {
  window.mmlabKeys = true;
  const names = {u: 'undo', Backspace: 'undo', r: 'redo', 0: 'reset', Home: 'reset', h: 'hint'};
  window.addEventListener('keydown', event => {
    const at = event.target.closest && event.target.closest('.mmlab-keys');
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const name = names[event.key] || (/^[1-9]$/.test(event.key) && 'move' + event.key);
    if (!name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const found = at.querySelector('.mmlab-key-' + name);
    if (!found || found.disabled) return;
    panelFocus(at);
    found.click();
  }, true);
  const panelFocus = at => at.contains(document.activeElement) || at.focus({preventScroll: true});
}
"""
KEYS = "Keys: a number moves, u or Backspace undoes, r redoes, 0 or Home starts again, h hints."
