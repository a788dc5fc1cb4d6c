"""Keys in a panel: they press its buttons, from anywhere in the panel and nowhere else; and live regions that stay."""

# ipywidgets has no way to say what a key does. One listener for all panels stands before JupyterLab's own, which would
# make a heading of the cell for a number, delete it for two d's in a list, and take Enter from a button. It lets go of
# whatever is not meant for a panel: keys elsewhere, keys with a modifier, keys in a box that takes text.
LISTEN = """
if (!window.mmlabKeys) {
  window.mmlabKeys = true;
  const names = {u: 'undo', Backspace: 'undo', r: 'redo', 0: 'reset', Home: 'reset', h: 'hint'};
  window.addEventListener('keydown', event => {
    const at = event.target.closest && event.target.closest('.mmlab-panel');
    if (!at || event.ctrlKey || event.metaKey || event.altKey || event.key === 'Tab' || event.key === 'Escape') return;
    const tag = event.target.tagName, type = event.target.type;
    const presses = (event.key === 'Enter' || event.key === ' ') && !event.shiftKey;
    if (tag === 'SELECT' && !event.shiftKey) return event.stopImmediatePropagation();
    if ((tag === 'BUTTON' || type === 'checkbox') && presses) return event.stopImmediatePropagation();
    if (event.target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(tag) || (tag === 'INPUT' && type !== 'checkbox'))
      return;
    const name = names[event.key] || (/^[1-9]$/.test(event.key) && 'move' + event.key);
    if (!name || !at.classList.contains('mmlab-keys')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const found = at.querySelector('.mmlab-key-' + name);
    if (found && !found.disabled) found.click();
  }, true);
}
"""
# A button that was pressed and cannot be pressed again loses the focus to the page (in some browsers before anybody is
# told, so the panel remembers who had it): the panel takes it. A live region must be there before its text is.
SCRIPT = f"""
const panel = this.closest('.mmlab-panel');
if (panel) {{
  const label = panel.querySelector('.mmlab-name');
  panel.setAttribute('role', 'group');
  panel.setAttribute('aria-label', label ? label.textContent : 'A panel of mmlab');
  panel.tabIndex = -1;
  panel.querySelectorAll('.mmlab-live').forEach(one => {{
    one.setAttribute('role', 'status');
    one.setAttribute('aria-live', 'polite');
  }});
  let last = null;
  panel.addEventListener('focusin', event => {{ last = event.target; }});
  panel.addEventListener('focusout', event => {{ if (!event.target.disabled) last = null; }});
  new MutationObserver(seen => seen.forEach(one => {{
    const lost = [one.target, document.body].includes(document.activeElement);
    if (one.target.disabled && one.target === last && lost) panel.focus({{preventScroll: true}});
  }})).observe(panel, {{subtree: true, attributes: true, attributeFilter: ['disabled']}});
}}
{LISTEN}
"""
KEYS = "Keys: a number moves, u or Backspace undoes, r redoes, 0 or Home starts again, h hints."
