// dom: elements are made here and nowhere else. Names come from labels of strangers: what is given as a child becomes text,
// never markup.

const SVG = 'http://www.w3.org/2000/svg';

// {on: {click: f}, style: {'--w': '3%'}, hidden: true, 'aria-label': 'text', href: '#/'}: styles go through the CSSOM, as the
// policy of the page allows no style attributes.
function give(el, props) {
	for (const [name, value] of Object.entries(props)) {
		if (name === 'on')
			for (const [event, f] of Object.entries(value)) el.addEventListener(event, f);
		else if (name === 'style')
			for (const [key, v] of Object.entries(value)) el.style.setProperty(key, v);
		else if (value === true) el.setAttribute(name, '');
		else if (value !== false && value !== null && value !== undefined) el.setAttribute(name, value);
	}
}

function add(el, children) {
	for (const c of children) {
		if (Array.isArray(c)) add(el, c);
		else if (c !== null && c !== undefined && c !== false) el.append(c);
	}
}

function make(el, classes, rest) {
	if (classes.length > 0) el.setAttribute('class', classes.join(' '));
	const [first] = rest;
	const plain = first !== null && typeof first === 'object' && !(first instanceof Node) && !Array.isArray(first);
	if (plain) give(el, first);
	add(el, plain ? rest.slice(1) : rest);
	return el;
}

// h('p.note.small', {title: 'x'}, 'text', element, ...): properties may be left out.
export function h(what, ...rest) {
	const [tag, ...classes] = what.split('.');
	return make(document.createElement(tag || 'div'), classes, rest);
}

// The same for SVG.
export function svg(what, ...rest) {
	const [tag, ...classes] = what.split('.');
	return make(document.createElementNS(SVG, tag), classes, rest);
}

// What did not change touches nothing: a page of 500 nodes lives on that.
const last = new WeakMap();

function changed(el, what, value) {
	let known = last.get(el);
	if (!known) last.set(el, known = {});
	if (known[what] === value) return false;
	known[what] = value;
	return true;
}

export function put(el, text) {
	if (changed(el, 'text', text)) el.textContent = text;
}

export function attr(el, name, value) {
	if (!changed(el, `@${name}`, value)) return;
	if (value === null || value === false) el.removeAttribute(name);
	else el.setAttribute(name, value === true ? '' : value);
}

export function cls(el, name, on) {
	if (changed(el, `.${name}`, Boolean(on))) el.classList.toggle(name, Boolean(on));
}

export function style(el, name, value) {
	if (changed(el, `:${name}`, value)) el.style.setProperty(name, value);
}

export function show(el, on) {
	if (changed(el, 'hidden', !on)) el.toggleAttribute('hidden', !on);
}

// A list that follows its items: make(item) gives {el, update(item)}; elements stay with their key, move only when the order
// changed, and go with their item. One that moves loses the focus, and gets it back. Returns update(items).
export function keyed(parent, key, make_) {
	let parts = new Map();
	return (items) => {
		const wanted = new Map(), next = new Map(), focus = document.activeElement;
		for (const item of items) {
			const k = key(item);
			if (!wanted.has(k)) wanted.set(k, item);
		}
		for (const [k, part] of parts) {	// first: those behind it need not move then
			if (wanted.has(k)) continue;
			if (part.end) part.end();
			part.el.remove();
		}
		let at = parent.firstChild;
		for (const [k, item] of wanted) {
			const part = parts.get(k) ?? make_(item);
			next.set(k, part);
			if (part.el === at) at = at.nextSibling;
			else parent.insertBefore(part.el, at);
			part.update(item);
		}
		parts = next;
		if (focus?.isConnected && focus !== document.activeElement) focus.focus({ preventScroll: true });
		return next;
	};
}
