"""What of a glTF material Blender may see: the factors and textures that it draws, and the extensions that it reads."""

from __future__ import annotations

from curate.gate.gltf_values import Reader, flag, index_into, number, numbers, object_of, one_of, text, whole

_transform = object_of(offset=numbers(2), rotation=number, scale=numbers(2), texCoord=whole(high=7))


def _texture(**more: Reader) -> Reader:
    return object_of(
        needs=("index",),
        index=index_into("textures"),
        texCoord=whole(high=7),
        extensions={"KHR_texture_transform": _transform},
        **more,
    )


_texture_info, _normal, _occlusion = _texture(), _texture(scale=number), _texture(strength=number)
MATERIAL = object_of(
    name=text,
    pbrMetallicRoughness=object_of(
        baseColorFactor=numbers(4),
        baseColorTexture=_texture_info,
        metallicFactor=number,
        roughnessFactor=number,
        metallicRoughnessTexture=_texture_info,
    ),
    normalTexture=_normal,
    occlusionTexture=_occlusion,
    emissiveTexture=_texture_info,
    emissiveFactor=numbers(3),
    alphaMode=one_of("OPAQUE", "MASK", "BLEND"),
    alphaCutoff=number,
    doubleSided=flag,
    extensions={
        "KHR_materials_unlit": object_of(),
        "KHR_materials_emissive_strength": object_of(emissiveStrength=number),
        "KHR_materials_ior": object_of(ior=number),
        "KHR_materials_clearcoat": object_of(
            clearcoatFactor=number,
            clearcoatTexture=_texture_info,
            clearcoatRoughnessFactor=number,
            clearcoatRoughnessTexture=_texture_info,
            clearcoatNormalTexture=_normal,
        ),
        "KHR_materials_transmission": object_of(transmissionFactor=number, transmissionTexture=_texture_info),
        "KHR_materials_volume": object_of(
            thicknessFactor=number,
            thicknessTexture=_texture_info,
            attenuationDistance=number,
            attenuationColor=numbers(3),
        ),
        "KHR_materials_specular": object_of(
            specularFactor=number,
            specularTexture=_texture_info,
            specularColorFactor=numbers(3),
            specularColorTexture=_texture_info,
        ),
        "KHR_materials_sheen": object_of(
            sheenColorFactor=numbers(3),
            sheenColorTexture=_texture_info,
            sheenRoughnessFactor=number,
            sheenRoughnessTexture=_texture_info,
        ),
        "KHR_materials_anisotropy": object_of(
            anisotropyStrength=number, anisotropyRotation=number, anisotropyTexture=_texture_info
        ),
        "KHR_materials_pbrSpecularGlossiness": object_of(
            diffuseFactor=numbers(4),
            diffuseTexture=_texture_info,
            specularFactor=numbers(3),
            glossinessFactor=number,
            specularGlossinessTexture=_texture_info,
        ),
    },
)
