// views: the list of all views, in the order of the navigation. A view is {id, title, mount(root, params), unmount()}: id is
// the first part of the address after #/, title the key of its text, params the other parts. `topics(params)` are those of the
// stream that only some views need; `count()` is a number beside its name in the navigation, which follows `topic`.

import * as overview from './view_overview.js';
import * as nodes from './view_nodes.js';
import * as services from './view_services.js';
import * as events from './view_events.js';
import * as warnings from './view_warnings.js';
import * as targets from './view_targets.js';
import * as certs from './view_certs.js';
import * as labels from './view_labels.js';
import * as config from './view_config.js';

export const views = [overview, nodes, services, events, warnings, targets, certs, labels, config].map((m) => m.view);
