"""The commands whose hundred runs in a row are timed, the same for every driver."""


def kinds(options):
    """They change the set of cluster options with that id, which must be there."""
    return {
        "cibadmin": 'cibadmin --modify --scope crm_config --xml-text '
                    '"<cluster_property_set id=\\"%s\\"><nvpair id=\\"opt-lab-counter\\" name=\\"lab-counter\\" '
                    'value=\\"$i\\"/></cluster_property_set>"' % options,
        "crm_attribute": 'crm_attribute -q -n lab-counter -v $i',
        "attrd_updater": 'attrd_updater -Q -n lab-transient -U $i',
        "query": 'cibadmin --query --scope crm_config',
        "query_all": 'cibadmin --query',
        "query_attribute": 'crm_attribute -q -n lab-counter -G',
        "crm_mon": 'crm_mon -1'}
