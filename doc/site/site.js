/* The documents as a site: light or dark, the menu of small screens, and the search. A classic script, as pages are read from files,
 * too, where browsers load neither modules nor JSON. */
'use strict';
(() => {
	const root = document.currentScript.dataset.root;

	// ---- light or dark: before the page is shown; without storage it lasts for the page ----
	const kept = {
		get() { try { return localStorage.getItem('mola-theme'); } catch { return null; } },
		set(v) { try { localStorage.setItem('mola-theme', v); } catch { /* not allowed for files in some browsers */ } },
	};
	const theme = kept.get();
	if (theme === 'light' || theme === 'dark')
		document.documentElement.dataset.theme = theme;
	function otherTheme() {
		const now = document.documentElement.dataset.theme ||
			(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
		const next = now === 'dark' ? 'light' : 'dark';
		document.documentElement.dataset.theme = next;
		kept.set(next);
	}

	// ---- search: all words of the query, in any order; what is in a title counts most ----
	let loading = null;
	function index() {
		loading ||= new Promise((resolve, reject) => {
			const script = document.createElement('script');
			script.src = root + '/site/search.js';
			script.onload = () => resolve(window.molaSearch.map(([page, anchor, title, heading, text]) => ({
				page, anchor, title, heading, text,
				in: { title: title.toLowerCase(), heading: heading.toLowerCase(), text: text.toLowerCase() } })));
			script.onerror = () => reject(new Error('no index'));
			document.head.append(script);
		});
		return loading;
	}
	function points(entry, words, lang) {
		let sum = entry.page.includes('/ko/') === (lang === 'ko') ? 8 : 0;
		for (const w of words) {
			const of = (entry.in.heading === w ? 60 : 0) + (entry.in.heading.includes(w) ? 20 : 0) +
				(entry.in.title.includes(w) ? 10 : 0) + (entry.in.text.includes(w) ? 4 : 0);
			if (of === 0)
				return 0;
			sum += of;
		}
		if (entry.page.includes('/why/') || entry.page.includes('/man/') || entry.page.startsWith('NEWS'))
			sum -= 6;
		return Math.max(1, sum);
	}
	function marked(text, words) {
		const all = new RegExp('(' + words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|') + ')', 'gi');
		return text.split(all).map((part, i) => {
			if (i % 2 === 0)
				return part;
			const m = document.createElement('mark');
			m.textContent = part;
			return m;
		});
	}
	function result(entry, words) {
		const li = document.createElement('li'), a = document.createElement('a');
		const b = document.createElement('b'), line = document.createElement('span');
		const at = Math.max(0, entry.in.text.indexOf(words[0]) - 50);
		b.append(...marked(entry.heading ? `${entry.heading} - ${entry.title}` : entry.title, words));
		line.append(...marked((at > 0 ? '... ' : '') + entry.text.slice(at, at + 150), words));
		a.href = root + '/' + entry.page + (entry.anchor ? '#' + encodeURIComponent(entry.anchor) : '');
		a.append(b, line);
		li.append(a);
		return li;
	}
	async function search(input, list) {
		const query = input.value.trim().toLowerCase(), words = query.split(/\s+/).filter(Boolean);
		if (words.length === 0) {
			list.hidden = true;
			return;
		}
		const all = await index();
		if (input.value.trim().toLowerCase() !== query)
			return;			// another one has been typed meanwhile
		const best = all.map((entry) => [points(entry, words, document.documentElement.lang), entry])
			.filter(([p]) => p > 0).sort((a, b) => b[0] - a[0]).slice(0, 20);
		list.replaceChildren(...best.map(([, entry]) => result(entry, words)));
		if (best.length === 0) {
			const li = document.createElement('li');
			li.className = 'none';
			li.textContent = input.dataset.none;
			list.append(li);
		}
		list.hidden = false;
	}
	function moveFocus(input, list, by) {
		const stops = [input, ...list.querySelectorAll('a')], at = stops.indexOf(document.activeElement);
		stops[Math.min(stops.length - 1, Math.max(0, at + by))].focus();
	}

	document.addEventListener('DOMContentLoaded', () => {
		const input = document.getElementById('site-query'), list = document.getElementById('site-results');
		const form = document.getElementById('site-search'), menu = document.getElementById('site-menu');
		const wide = matchMedia('(min-width: 50.01rem)');
		const fit = () => { menu.open = wide.matches; };

		fit();
		wide.addEventListener('change', fit);
		document.getElementById('site-theme').addEventListener('click', otherTheme);
		input.addEventListener('focus', index);
		// PAGE?q=WORDS is a search that can be linked to
		const query = new URLSearchParams(location.search).get('q');
		if (query) {
			input.value = query;
			search(input, list);
		}
		input.addEventListener('input', () => search(input, list));
		form.addEventListener('submit', (e) => {
			e.preventDefault();
			list.querySelector('a')?.click();
		});
		form.addEventListener('keydown', (e) => {
			const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
			if (by && !list.hidden) {
				e.preventDefault();
				moveFocus(input, list, by);
			} else if (e.key === 'Escape') {
				list.hidden = true;
				input.focus();
			}
		});
		document.addEventListener('click', (e) => { if (!form.contains(e.target)) list.hidden = true; });
		document.addEventListener('keydown', (e) => {
			if (e.key === '/' && !/^(input|textarea|select)$/i.test(document.activeElement.tagName)) {
				e.preventDefault();
				input.focus();
			}
		});
	});
})();
