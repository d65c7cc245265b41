/** Checks a page from within (page-checks.ts). Each fault is one line. */

const shown = (element) => element.checkVisibility({ opacityProperty: false }) && !element.closest('.unseen');
const nameOf = (element) =>
  `${element.tagName.toLowerCase()}#${element.id}.${element.className} "${element.textContent.slice(0, 30)}"`;

const labelOf = (element) => {
  const by = element.getAttribute('aria-labelledby');
  const labels = [...(element.labels ?? [])].map((label) => label.textContent);
  return [
    element.getAttribute('aria-label'),
    by && document.getElementById(by)?.textContent,
    ...labels,
    element.textContent,
  ]
    .map((text) => text?.trim())
    .find(Boolean);
};

const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (colour) => {
  const [r, g, b] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const isOpaque = (colour) => (channels(colour)[3] ?? 1) === 1;
const backgroundOf = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (isOpaque(backgroundColor)) return backgroundColor;
  }
  return 'rgb(255, 255, 255)';
};
/** As WCAG 2 has it. */
const contrastOf = (element) => {
  const both = [getComputedStyle(element).color, backgroundOf(element)].map(luminance).sort((a, b) => b - a);
  return (both[0] + 0.05) / (both[1] + 0.05);
};
const hasOwnText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

globalThis.pageFaults = () => {
  const all = [...document.querySelectorAll('body *')].filter(shown);
  const controls = all.filter((element) => element.matches('a, button, input, select, [role=listbox]'));
  const texts = all.filter(hasOwnText);
  return {
    controls: controls.length,
    texts: texts.length,
    unlabelled: controls.filter((element) => !labelOf(element)).map(nameOf),
    doubleIds: [...document.querySelectorAll('[id]')]
      .map(({ id }) => id)
      .filter((id, index, ids) => ids.indexOf(id) !== index),
    faint: texts
      .filter((element) => contrastOf(element) < 4.5)
      .map((element) => `${contrastOf(element).toFixed(2)} ${nameOf(element)}`),
    tooWide: document.documentElement.scrollWidth > innerWidth ? [`${document.documentElement.scrollWidth} px`] : [],
  };
};
