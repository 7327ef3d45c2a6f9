package crm

// forms are the statements with what they take, for help. Brackets hold what may be
// left out, a bar stands between choices, … repeats. The language is that of crmsh's
// manual (crm configure help).
func forms() map[string]string {
	resource := " [description=TEXT] [[params] SET] [meta SET] [utilization SET]\n" +
		"  [operations $id=NAME|$id-ref=NAME] [op NAME [NAME=VALUE…] [op_params SET] [op_meta SET]]…\n" +
		"  SET: [$id=NAME] [SCORE:] [rule …] NAME=VALUE… | $id-ref=NAME"
	rule := "  rule [$id=NAME] [$role=ROLE] SCORE: EXPRESSION [and|or EXPRESSION]…\n" +
		"  EXPRESSION: [not_]defined NAME | NAME [TYPE:]lt|gt|lte|gte|eq|ne VALUE | date lt|gt TIME | date in start=TIME end=TIME | date spec NAME=VALUE…"
	sets := "\n  sets: A B one after the other, ( A B ) in any order, [ A B ] one of them is enough"
	return map[string]string{
		"node":             "node [$id=ID] NAME[:TYPE] [description=TEXT] [attributes SET] [utilization SET]",
		"primitive":        "primitive NAME [CLASS:[PROVIDER:]]TYPE|@TEMPLATE" + resource,
		"rsc_template":     "rsc_template NAME [CLASS:[PROVIDER:]]TYPE" + resource,
		"group":            "group NAME RESOURCE… [description=TEXT] [meta SET] [params SET]",
		"clone":            "clone NAME RESOURCE [description=TEXT] [meta SET] [params SET]",
		"ms":               "ms NAME RESOURCE [description=TEXT] [meta SET] [params SET]\n  today: clone NAME RESOURCE meta promotable=true",
		"bundle":           "bundle NAME docker|podman|rkt image=IMAGE [NAME=VALUE…] [network NAME=VALUE… [port-mapping NAME=VALUE…]…]\n  [storage [storage-mapping NAME=VALUE…]…] [primitive RESOURCE] [meta SET]",
		"location":         "location NAME RESOURCE|/PATTERN/|{ SETS } [role=ROLE] [resource-discovery=HOW] SCORE: NODE | RULES\n" + rule,
		"colocation":       "colocation NAME SCORE: RESOURCE[:ROLE] WITH[:ROLE]|SETS [node-attribute=NAME]" + sets,
		"order":            "order NAME [KIND|SCORE:] FIRST[:ACTION] THEN[:ACTION]|SETS [symmetrical=BOOL]\n  KIND: Mandatory Optional Serialize" + sets,
		"rsc_ticket":       "rsc_ticket NAME TICKET: RESOURCE[:ROLE]… [loss-policy=stop|demote|fence|freeze]",
		"property":         "property [$id=NAME] [rule …] NAME=VALUE…",
		"rsc_defaults":     "rsc_defaults [$id=NAME] [rule …] NAME=VALUE…",
		"op_defaults":      "op_defaults [$id=NAME] [rule …] NAME=VALUE…",
		"fencing_topology": "fencing_topology [NODE:|pattern:PATTERN|attr:NAME=VALUE] DEVICE[,DEVICE…]… …\n  levels are tried from left to right; devices of one level, joined by commas, must all succeed",
		"role":             "role NAME read|write|deny WHAT [attribute:NAME]…\n  WHAT: xpath:PATH ref:ID tag:ELEMENT meta:RSC[:NAME] params:RSC[:NAME] utilization:RSC location:RSC property[:NAME] node[:NAME] nodeattr[:NAME] nodeutil[:NODE] status cib",
		"acl_target":       "acl_target USER ROLE…",
		"acl_group":        "acl_group GROUP ROLE…",
		"user":             "user USER role:ROLE…\n  today: acl_target USER ROLE…",
		"tag":              "tag NAME[:] OBJECT…",
		"alert":            "alert NAME PATH [select nodes|fencing|resources|attributes [{ NAME… }]]… [attributes SET] [meta SET] [to [{] RECIPIENT [attributes SET] [meta SET] [}]]…",
		"monitor":          "monitor RESOURCE[:ROLE] INTERVAL[:TIMEOUT]",
		"xml":              "xml <ELEMENT …>\n  an object as XML",
	}
}
