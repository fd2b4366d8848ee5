"""A project as its owner would have it before nova_sonic.django came, with the three steps of its documentation done."""
