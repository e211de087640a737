// views: the list of all views, in the order of the navigation. A view is {id, title, mount(root, params), unmount()}: id is
// the first part of the address after #/, title the key of its text, params the other parts. `topics` are those of the stream
// that only some views need; `count()` is a number beside its name in the navigation, which follows `topic`.

import * as overview from './view_overview.js';
import * as nodes from './view_nodes.js';
import * as services from './view_services.js';

export const views = [overview, nodes, services].map((m) => m.view);
