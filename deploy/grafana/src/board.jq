# board: functions for the dashboards beside this file. A panel is its queries, the meaning of its figures (unit,
# thresholds) and its width; ids and places follow from the order.

def datasource: { type: "prometheus", uid: "${datasource}" };

# ---- queries ----

# $legend: "{{label}}". refIds are given by the panel.
def query($expr; $legend): { datasource: datasource, editorMode: "code", expr: $expr, legendFormat: $legend, range: true, instant: false };
def query_now($expr; $legend): query($expr; $legend) + { range: false, instant: true };
def query_table($expr): query_now($expr; "") + { format: "table" };
def query_heat($expr): query($expr; "{{le}}") + { format: "heatmap" };

# --- what figures mean ---

def unit($unit): { unit: $unit };
def percent: { unit: "percentunit", min: 0, max: 1 };
# steps: [[null, "green"], [0.8, "orange"], ...]
def thresholds($steps): { thresholds: { mode: "absolute", steps: [$steps[] | { value: .[0], color: .[1] }] } };
def calm: thresholds([[null, "text"]]);
def steps($from; $warn; $to): [[null, $from], ([$warn, "orange"] | select($warn != $to[0])), $to] | thresholds(.);
def worse_above($warn; $bad): steps("green"; $warn; [$bad, "red"]);
def better_above($warn; $good): steps("red"; $warn; [$good, "green"]);
def words($map): { mappings: [{ type: "value", options: $map }] };
def yes_no($yes; $no): words({ "1": { text: $yes, color: "green", index: 0 }, "0": { text: $no, color: "red", index: 1 } });
def if_none($text): { noValue: $text };
def links($list): { links: $list };
def link($title; $url): { title: $title, url: $url, targetBlank: false };

# --- panels ---

def panel($type; $title; $description; $w; $h; $queries): {
	type: $type, title: $title, description: $description, datasource: datasource,
	gridPos: { w: $w, h: $h, x: 0, y: 0 },
	targets: [$queries | to_entries[] | .value + { refId: ([65 + .key] | implode) }]
};

# $figures: what figures mean, added together.
def stat($title; $description; $w; $query; $figures): panel("stat"; $title; $description; $w; 4; [$query]) + {
	fieldConfig: { defaults: ({ color: { mode: "thresholds" } } + $figures), overrides: [] },
	options: { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, orientation: "auto", textMode: "auto",
		colorMode: "value", graphMode: (if $query.range then "area" else "none" end), justifyMode: "auto", showPercentChange: false,
		wideLayout: true, percentChangeColorMode: "standard" }
};

def lines($title; $description; $w; $queries; $figures): panel("timeseries"; $title; $description; $w; 8; $queries) + {
	fieldConfig: { defaults: ({ color: { mode: "palette-classic" }, min: 0, custom: { drawStyle: "line", lineInterpolation: "linear",
		lineWidth: 1, fillOpacity: 8, gradientMode: "none", showPoints: "never", spanNulls: false, insertNulls: false,
		axisPlacement: "auto", axisLabel: "", axisColorMode: "text", axisBorderShow: false, axisCenteredZero: false,
		scaleDistribution: { type: "linear" }, stacking: { mode: "none", group: "A" }, thresholdsStyle: { mode: "off" },
		hideFrom: { tooltip: false, viz: false, legend: false } } } + $figures), overrides: [] },
	options: { legend: { showLegend: true, displayMode: "table", placement: "right", calcs: ["lastNotNull", "max"], sortBy: "Last *",
		sortDesc: true }, tooltip: { mode: "multi", sort: "desc" } }
};
def stacked: .fieldConfig.defaults.custom |= (.stacking.mode = "normal" | .fillOpacity = 30);
def shares: .fieldConfig.defaults.custom |= (.stacking.mode = "percent" | .fillOpacity = 30);
def with_limits: .fieldConfig.defaults.custom.thresholdsStyle.mode = "dashed";
def bars: .fieldConfig.defaults.custom |= (.drawStyle = "bars" | .fillOpacity = 60 | .stacking.mode = "normal");
# What lies beside the rest: a limit, a mean.
def apart($name; $color): .fieldConfig.overrides += [{ matcher: { id: "byName", options: $name }, properties: [
	{ id: "color", value: { mode: "fixed", fixedColor: $color } }, { id: "custom.fillOpacity", value: 0 },
	{ id: "custom.lineStyle", value: { fill: "dash", dash: [10, 10] } }, { id: "custom.stacking", value: { mode: "none", group: "B" } }] }];

def states($title; $description; $w; $query; $figures): panel("state-timeline"; $title; $description; $w; 8; [$query]) + {
	fieldConfig: { defaults: ({ color: { mode: "thresholds" }, custom: { lineWidth: 0, fillOpacity: 70,
		hideFrom: { tooltip: false, viz: false, legend: false } } } + $figures), overrides: [] },
	options: { mergeValues: true, showValue: "never", alignValue: "left", rowHeight: 0.9,
		legend: { showLegend: true, displayMode: "list", placement: "bottom", calcs: [] }, tooltip: { mode: "single", sort: "none" } }
};

def heat($title; $description; $w; $query; $unit): panel("heatmap"; $title; $description; $w; 8; [$query]) + {
	fieldConfig: { defaults: { custom: { scaleDistribution: { type: "linear" }, hideFrom: { tooltip: false, viz: false, legend: false } } },
		overrides: [] },
	options: { calculate: false, cellGap: 1, cellValues: { unit: "reqps" }, color: { mode: "scheme", scheme: "Oranges", steps: 64,
		exponent: 0.5, fill: "dark-orange", reverse: false }, exemplars: { color: "rgba(255,0,255,0.7)" }, filterValues: { le: 1e-9 },
		legend: { show: true }, rowsFrame: { layout: "auto" }, showValue: "never", tooltip: { mode: "single", yHistogram: false, showColorScale: false },
		yAxis: { unit: $unit, axisPlacement: "left", reverse: false } }
};

# $columns: [{ query, name, figures, width }], the first without a query: the label $key, by which rows are joined.
def table($title; $description; $w; $h; $key; $columns): [$columns[] | select(.query)] as $queried |
	panel("table"; $title; $description; $w; $h; [$queried[] | query_table(.query)]) + {
	fieldConfig: {
		defaults: { color: { mode: "thresholds" }, custom: { align: "auto", inspect: false, cellOptions: { type: "auto" } } },
		overrides: [$columns[] | { matcher: { id: "byName", options: .name }, properties: [
			(.figures // {} | to_entries[] | { id: .key, value: .value }),
			(select(.width) | { id: "custom.width", value: .width }),
			(select(.colored) | { id: "custom.cellOptions", value: { type: "color-text" } }),
			(select(.bar) | { id: "custom.cellOptions", value: { type: "gauge", mode: "lcd" } })] } | select(.properties != [])] },
	options: { showHeader: true, cellHeight: "sm", sortBy: [], frameIndex: 0 },
	transformations: [
		{ id: "joinByField", options: { byField: $key, mode: "outer" } },
		{ id: "organize", options: {
			excludeByName: ([range($queried | length) | { "Time \(. + 1)": true }] | add + { Time: true }),
			renameByName: (reduce ($queried | to_entries[]) as $a ({ ($key): ($columns[0].name) };
				. + { "Value #\([65 + $a.key] | implode)": $a.value.name })),
			indexByName: {} } }]
};

def row($title): { type: "row", title: $title, collapsed: false, panels: [], gridPos: { w: 24, h: 1, x: 0, y: 0 } };

# Each panel to the right of the last, or below the highest of the line so far; ids from 1.
def laid_out: reduce .[] as $p ({ x: 0, y: 0, h: 0, done: [] };
	($p.gridPos) as $g
	| (if .x + $g.w > 24 then { x: 0, y: (.y + .h), h: 0, done } else . end)
	| .done += [$p + { id: (.done | length + 1), gridPos: ($g + { x: .x, y: .y }) }]
	| .x += $g.w | .h = ([.h, $g.h] | max)) | .done;

# --- variables ---

def chosen: { text: "", value: "" };
def everything: { text: ["All"], value: ["$__all"] };
def variable_datasource: { type: "datasource", name: "datasource", "label": "Prometheus", query: "prometheus", regex: "", hide: 0,
	multi: false, includeAll: false, refresh: 1, options: [], skipUrlSync: false, current: chosen };
def variable($name; $caption; $query; $regex): { type: "query", name: $name, "label": $caption, datasource: datasource,
	query: { query: $query, refId: "variable-\($name)", qryType: (if $query | startswith("query_result") then 3 else 1 end) }, regex: $regex, sort: 1, refresh: 2, hide: 0,
	multi: false, includeAll: false, options: [], skipUrlSync: false, current: chosen };
def many: . + { multi: true, includeAll: true, allValue: ".+", current: everything };
def hidden: . + { hide: 2 };
def variable_job: variable("job"; "Job"; "label_values(mola_build_info, job)"; "");
def variable_mola: variable("mola"; "Mola"; "label_values(mola_build_info{job=\"$job\"}, instance)"; "") | many;

# Of every series of the Molas that are chosen.
def of: "job=\"$job\",instance=~\"$mola\"";

# --- the whole ---

def keep: "${datasource:queryparam}&${job:queryparam}&${mola:queryparam}&${__url_time_range}";
def to_node($node): "/d/mola-node?var-node=\($node)&\(keep)";
def to_service($service): "/d/mola-service?var-service=\($service)&\(keep)";
# Node Exporter Full (1860 at Grafana's): what it calls a node is the instance.
def to_exporter($instance): "/d/rYdddlPWk?var-node=\($instance)&var-ds_prometheus=${datasource}&${__url_time_range}";
def board_links: [{ type: "dashboards", title: "Mola", tags: ["mola"], asDropdown: false, includeVars: true, keepTime: true, targetBlank: false,
	icon: "external link", tooltip: "", url: "" }];

def board($uid; $title; $description; $variables; $links; $panels): {
	uid: $uid, title: $title, description: $description, tags: ["mola"], schemaVersion: 39, version: 1, editable: true, graphTooltip: 1,
	id: null, refresh: "10s", time: { from: "now-30m", to: "now" }, timezone: "", weekStart: "", fiscalYearStartMonth: 0, liveNow: false,
	timepicker: { refresh_intervals: ["5s", "10s", "30s", "1m", "5m", "15m"] },
	links: (board_links + $links),
	annotations: { list: [{ builtIn: 1, datasource: { type: "grafana", uid: "-- Grafana --" }, enable: true, hide: true,
		iconColor: "rgba(0, 211, 255, 1)", name: "Annotations & Alerts", type: "dashboard" }] },
	templating: { list: ([variable_datasource, variable_job, variable_mola] + $variables) },
	panels: ($panels | laid_out)
};
