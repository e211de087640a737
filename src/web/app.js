// The nodes, their state and their load, once a second.
const main = document.querySelector('main');
const row = (tag, cells) => {
	const tr = document.createElement('tr');
	for (const text of cells) {
		const cell = document.createElement(tag);
		cell.textContent = text;
		tr.append(cell);
	}
	return tr;
};
const number = (value) => (value === null ? 'not known' : value.toFixed(1));

async function show() {
	try {
		const response = await fetch('/api/v1/nodes');
		const body = await response.json();
		if (!response.ok) throw new Error(body.error);
		const table = document.createElement('table');
		table.append(row('th', ['Node', 'State', 'Cores', 'Busy', 'Score']));
		for (const n of body.nodes) table.append(row('td', [n.name, n.state, number(n.cores), number(n.busy), number(n.score)]));
		main.replaceChildren(table);
	} catch (error) {
		main.textContent = error.message;
	}
	setTimeout(show, 1000);
}
show();
