// Run in the page: the lowest contrast of a text with its ground (WCAG 2.2, 1.4.3).
(() => {
	const numbers = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
	const linear = (channel) =>
		channel / 255 <= 0.04 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
	const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
	const isSeen = (color) => color.length === 3 || color[3] > 0;
	const groundOf = (element) => {
		if (element === null) return [255, 255, 255];
		const color = numbers(getComputedStyle(element).backgroundColor);
		return isSeen(color) ? color : groundOf(element.parentElement);
	};
	const contrastOf = (element) => {
		const text = luminance(numbers(getComputedStyle(element).color));
		const ground = luminance(groundOf(element));
		return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
	};
	return Math.min(
		...[...document.querySelectorAll("h1, h2, p, li, small, strong, button, time, label")].map(contrastOf),
	);
})();
