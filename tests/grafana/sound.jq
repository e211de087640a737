# What Grafana's types do not say of a dashboard: one line for each thing that is wrong.
# $boards: uids that there are; node_exporter's own dashboard is people's affair.

def inside: [.panels[], (.panels[] | .panels // [] | .[])];
def at: "panel \(.id) \(.title)";
def questions: [.panels[] | select(.type != "row")];
def cells: .gridPos as $g | range($g.x; $g.x + $g.w) as $x | range($g.y; $g.y + $g.h) as $y | "\($x),\($y)";
def urls: [.. | objects | .url? // empty | strings | select(startswith("/d/"))];
def variables: [.templating.list[].name] + ["__rate_interval", "__url_time_range", "__value", "__data", "__field", "__all"];
def named: [.. | strings | scan("\\$\\{?([A-Za-z_]+)") | .[0]] | unique;

(inside | group_by(.id)[] | select(length > 1) | "ids: \(.[0].id) is taken \(length) times"),
(inside[] | select(.gridPos.x + .gridPos.w > 24) | "\(at): wider than the page"),
([inside[] | {at: at, cell: cells}] | group_by(.cell)[] | select(length > 1) | "\([.[].at] | join(" and ")) overlap at \(.[0].cell)"),
(questions[] | select(.datasource.uid != "${datasource}") | "\(at): another datasource"),
(questions[] | select((.title // "") == "" or (.description // "") == "") | "\(at): no title, or nothing about what it means"),
(questions[] | . as $p | .targets[] | select(.datasource.uid != "${datasource}") | "\($p | at) \(.refId): another datasource"),
(questions[] | . as $p | .targets | group_by(.refId)[] | select(length > 1) | "\($p | at): \(.[0].refId) twice"),
(questions[] | . as $p | .targets[] | select(.legendFormat == "" and .format != "table") | "\($p | at) \(.refId): no legend"),
(questions[] | select(.targets == []) | "\(at): asks nothing"),
# What is drawn over time fits its window to the page; a fixed one is a choice for figures of now alone.
(questions[] | select(.type != "stat" and .type != "table") | . as $p | .targets[]
	| select(.expr | test("\\[[0-9]")) | "\($p | at) \(.refId): a window of its own"),
(questions[] | . as $p | .targets[] | select(.expr | test("mola_")) | select(.expr | test("job=\"\\$job\"|ALERTS") | not) | "\($p | at) \(.refId): of any job"),
(questions[] | select(.type != "table" and (.fieldConfig.defaults.unit // .fieldConfig.defaults.mappings // .options.yAxis.unit) == null and .type != "stat")
	| "\(at): no unit"),
(.templating.list[] | select(.type == "query" and .datasource.uid != "${datasource}") | "variable \(.name): another datasource"),
(if .templating.list[0].type != "datasource" then "the datasource is not the first variable" else empty end),
(urls[] | select([$boards[] as $b | startswith("/d/" + $b + "?")] | any | not) | "a link to a dashboard that is not there: \(.)"),
((named - variables)[] | "$\(.) is no variable"),
(select(.editable != true or .uid == null or (.tags | index("mola")) == null) | "uid, tag or the right to edit is missing")
